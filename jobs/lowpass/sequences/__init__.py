"""Files of sequences: FASTA, FASTQ and the index that BWA makes."""
