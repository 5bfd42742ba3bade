"""What the SAM CLI needs round it: engine, runtime image, a way to Local AWS, the template to publish."""
