"""Every modelled mail client but nodemailer against the real one: see `suite`."""
