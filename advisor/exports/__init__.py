"""What is taken elsewhere: lists for mailings and CRM systems."""
