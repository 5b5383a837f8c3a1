"""nodemailer 8, octet for octet where the server can tell."""
