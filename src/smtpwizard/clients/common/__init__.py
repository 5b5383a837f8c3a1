"""What mail clients other than nodemailer share; each of them is a table of differences and its own words on top."""
