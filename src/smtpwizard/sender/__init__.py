"""What DNS says about a sender's domain. The one room that asks name servers anything but addresses."""
