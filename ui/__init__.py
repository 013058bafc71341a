"""The pages of the app: what the user sees and touches. Nothing is computed here."""
