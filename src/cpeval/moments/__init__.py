"""Estimators from cross-products of sites: arrays in, arrays out.

Linear mixed models take ``blocks``, shape (G, q, q): [X y]'[X y] of each unit (a site, or a team
when teams are nested in sites), the outcome last, about a common origin; and ``counts``, (G,).

- `mixed_fit.fit_mixed` gives a `MixedFit`, `mixed_fit.random_columns` says which columns of X have
  random effects.
- `contrasts.contrast_tests` and `contrasts.joint_test` test fixed effects, with the covariance of
  `contrasts.fixed_covariance`: Kenward-Roger, Satterthwaite or normal.
- `predictions.predict_effects` gives the random effects.
- `heterogeneity` takes each site's own effect and pools them.
"""
