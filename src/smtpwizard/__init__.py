"""smtpwizard: from "the app needs SMTP" to a proved configuration, in a terminal. See cli for the way in."""
