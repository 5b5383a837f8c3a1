"""What DNS says of a sender's domain: MX, SPF, DKIM, DMARC."""
