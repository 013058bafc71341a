"""The parts of the generator of the synthetic Hebi case (see ``data/hebi/README.md``)."""
