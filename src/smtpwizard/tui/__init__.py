"""The Textual front end. Knows no protocol: it shows what the core says and changes one frozen `WizardState`."""
