"""Two haplotypes of a person on tiny panels, against the sum over everything they can be."""

import itertools
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lowpass.imputation.diploid import Haplotypes, Imputed, Settings, impute_person
from lowpass.imputation.li_stephens import genotype_given_copied, mismatch_probability, stay_probabilities

PANEL = Haplotypes(
    np.array([[0, 1, 1], [1, 1, 0], [0, 0, 1], [1, 0, 0]], dtype=np.uint8),
    np.array([0, 2e-5, 3e-5, 5e-5]),
)
LIKELIHOODS = np.array([[1, 0.5, 0.01], [0.1, 1, 0.3], [0.3, 1, 0.2], [0.02, 0.6, 1]])
SETTINGS = Settings(minimum_carriers=1)


def exact_posteriors(panel: Haplotypes, likelihoods: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the chance of each genotype by summing over every pair of paths, shape (sites, 3)."""
    sites, haplotypes = panel.alleles.shape
    stay = stay_probabilities(panel.morgans, haplotypes=haplotypes, effective_size=SETTINGS.effective_size)
    by_genotype = genotype_given_copied(mismatch_probability(haplotypes))
    priors = {}
    for path in itertools.product(range(haplotypes), repeat=sites):
        steps = zip(path[:-1], path[1:], stay[1:], strict=True)
        priors[path] = np.prod([(1 - s) / haplotypes + s * (a == b) for a, b, s in steps])
    rows, total = np.arange(sites), np.zeros((sites, 3))
    for first, second in itertools.product(priors, repeat=2):
        copied = panel.alleles[rows, first] + panel.alleles[rows, second]
        genotypes = by_genotype[copied] * likelihoods
        by_site = genotypes.sum(axis=1)
        total += priors[first] * priors[second] * by_site.prod() * genotypes / by_site[:, None]
    posteriors: NDArray[np.float64] = total / total.sum(axis=1, keepdims=True)
    return posteriors


def random_panel(seed: int, sites: int, haplotypes: int) -> Haplotypes:
    rng = np.random.default_rng(seed)
    alleles = rng.integers(2, size=(sites, haplotypes), dtype=np.uint8)
    alleles[0, :2] = 0, 1
    return Haplotypes(alleles, np.cumsum(rng.uniform(0, 1e-4, size=sites)))


def random_likelihoods(seed: int, sites: int) -> NDArray[np.float64]:
    likelihoods = np.random.default_rng(seed).uniform(0.001, 1, size=(sites, 3))
    likelihoods /= likelihoods.max(axis=1, keepdims=True)
    return likelihoods


def test_posteriors_are_those_of_the_model() -> None:
    imputed = impute_person(PANEL, LIKELIHOODS, settings=SETTINGS)

    np.testing.assert_allclose(imputed.posteriors, exact_posteriors(PANEL, LIKELIHOODS), atol=1e-5)
    np.testing.assert_allclose(imputed.dosages, imputed.posteriors @ [0, 1, 2])


@settings(max_examples=15)
@given(seed=st.integers(0, 10_000), haplotypes=st.integers(2, 3), sites=st.integers(1, 4))
def test_posteriors_are_those_of_the_model_on_any_panel(seed: int, haplotypes: int, sites: int) -> None:
    panel, likelihoods = random_panel(seed, sites, haplotypes), random_likelihoods(seed, sites)

    imputed = impute_person(panel, likelihoods, settings=SETTINGS)

    polymorphic = np.ptp(panel.alleles, axis=1) > 0
    expected = exact_posteriors(
        Haplotypes(panel.alleles[polymorphic], panel.morgans[polymorphic]), likelihoods[polymorphic]
    )
    np.testing.assert_allclose(imputed.posteriors[polymorphic], expected, atol=1e-4)


def test_a_site_between_two_others_is_interpolated() -> None:
    # GIVEN a site without reads half way between two that say for certain what is copied
    panel = Haplotypes(np.array([[0, 0, 1, 1]] * 3, dtype=np.uint8), np.array([0, 1e-9, 2e-9]))
    likelihoods = np.array([[1e-9, 1, 1e-9], [1, 1, 1], [1e-9, 1, 1e-9]])

    imputed = impute_person(panel, likelihoods, settings=SETTINGS)

    np.testing.assert_allclose(imputed.posteriors, exact_posteriors(panel, likelihoods), atol=1e-4)


def imputed_anyhow(person: int, sites: int, haplotypes: int, **changes: int) -> Imputed:
    return impute_person(
        random_panel(person, sites, haplotypes),
        random_likelihoods(person, sites),
        settings=replace(SETTINGS, **changes),
    )


@settings(max_examples=15)
@given(seed=st.integers(0, 10_000), sites=st.integers(1, 40), haplotypes=st.integers(2, 30))
def test_posteriors_are_probabilities_and_the_alleles_are_the_likeliest_genotype(
    seed: int, sites: int, haplotypes: int
) -> None:
    imputed = imputed_anyhow(seed, sites, haplotypes, states=10)

    np.testing.assert_allclose(imputed.posteriors.sum(axis=1), 1)
    assert imputed.posteriors.min() >= 0
    assert imputed.alleles.sum(axis=1).tolist() == imputed.posteriors.argmax(axis=1).tolist()


@settings(max_examples=15)
@given(seed=st.integers(0, 10_000), data=st.data())
def test_the_order_of_the_panels_people_does_not_matter(seed: int, data: st.DataObject) -> None:
    panel, likelihoods = random_panel(seed, 12, 8), random_likelihoods(seed, 12)
    order = data.draw(st.permutations(range(8)))
    permuted = Haplotypes(np.ascontiguousarray(panel.alleles[:, order]), panel.morgans)

    dosages = [impute_person(each, likelihoods, settings=SETTINGS).dosages for each in (panel, permuted)]

    np.testing.assert_allclose(dosages[0], dosages[1], atol=1e-4)


@settings(max_examples=15)
@given(seed=st.integers(0, 10_000), site=st.integers(0, 11))
def test_exchanging_the_alleles_of_a_site_exchanges_its_genotypes(seed: int, site: int) -> None:
    panel, likelihoods = random_panel(seed, 12, 8), random_likelihoods(seed, 12)
    alleles, exchanged = panel.alleles.copy(), likelihoods.copy()
    alleles[site] = 1 - alleles[site]
    exchanged[site] = likelihoods[site, ::-1]

    before = impute_person(panel, likelihoods, settings=SETTINGS).posteriors
    after = impute_person(Haplotypes(alleles, panel.morgans), exchanged, settings=SETTINGS).posteriors

    after[site] = after[site, ::-1].copy()
    np.testing.assert_allclose(after, before, atol=1e-4)


@settings(max_examples=15)
@given(seed=st.integers(0, 10_000), sites=st.integers(2, 4))
def test_an_emptied_last_site_has_what_the_others_say(seed: int, sites: int) -> None:
    # GIVEN reads at all sites but the last, which is as far from the one before as nothing
    panel, likelihoods = random_panel(seed, sites, 3), random_likelihoods(seed, sites)
    panel.alleles[:, :2] = 0, 1
    panel.morgans[-1] = panel.morgans[-2]
    likelihoods[-1] = 1

    imputed = impute_person(panel, likelihoods, settings=SETTINGS)

    np.testing.assert_allclose(imputed.posteriors, exact_posteriors(panel, likelihoods), atol=1e-4)


def test_fewer_states_than_haplotypes_still_find_the_copied_ones() -> None:
    # GIVEN a person who is the first two haplotypes of a panel of 60
    panel = Haplotypes(random_panel(5, 400, 60).alleles, np.linspace(0, 4e-4, 400))
    genotypes = panel.alleles[:, :2].sum(axis=1)
    likelihoods = np.full((400, 3), 1.0)
    likelihoods[::2] = np.where(np.arange(3) == genotypes[::2, None], 1, 0.01)

    imputed = impute_person(panel, likelihoods, settings=Settings(states=12, minimum_carriers=1))

    assert np.abs(imputed.dosages - genotypes).mean() < 0.05
    # and both haplotypes come back in one piece
    same = (imputed.alleles == panel.alleles[:, :2]).mean()
    assert max(same, 1 - same, (imputed.alleles[:, ::-1] == panel.alleles[:, :2]).mean()) > 0.97


def test_the_same_seed_gives_the_same_and_another_one_changes_the_phase_only() -> None:
    first, again, other = (imputed_anyhow(3, 60, 20, seed=seed) for seed in (1, 1, 2))

    np.testing.assert_array_equal(first.alleles, again.alleles)
    np.testing.assert_array_equal(first.posteriors, again.posteriors)
    np.testing.assert_array_equal(first.posteriors, other.posteriors)
    assert not np.array_equal(first.alleles, other.alleles)


def test_a_stretch_without_reads_is_as_the_panel_is() -> None:
    imputed = impute_person(PANEL, np.ones((4, 3)), settings=SETTINGS)

    np.testing.assert_allclose(imputed.dosages, 2 * PANEL.alleles.mean(axis=1))


def test_reads_of_a_site_that_is_rare_in_the_panel_count_for_the_site_alone() -> None:
    alleles = np.zeros((3, 40), dtype=np.uint8)
    alleles[0, :20], alleles[1, 0], alleles[2, :20] = 1, 1, 1
    likelihoods = np.array([[1, 0.5, 0.01], [0.001, 0.5, 1], [1, 0.5, 0.01]])

    with_reads, without = (
        impute_person(Haplotypes(alleles, np.array([0, 1e-5, 2e-5])), each, settings=Settings())
        for each in (likelihoods, np.where([[False], [True], [False]], 1, likelihoods))
    )

    assert with_reads.dosages[1] > 5 * without.dosages[1]
    np.testing.assert_allclose(with_reads.posteriors[[0, 2]], without.posteriors[[0, 2]])
