"""Figures and tables as pure functions, shared by the one-page report and the app."""
