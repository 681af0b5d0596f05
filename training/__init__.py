"""How a bundle is made: targets, priors, virtual trials, fitting, ensemble, card."""
