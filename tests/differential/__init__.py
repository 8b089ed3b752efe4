"""ionscape beside slow implementations of its formulas, on random configurations, settings, models and series.

Nothing here is taken from the program's source: formulas are those of its documentation, integrals are summed by
quadrature, neighbours are found by looping over images, and sums over pairs of times are sums. From the folder `tests`,
`python -m differential --count 10000 --seed 1` draws as many configurations as wanted.
"""
