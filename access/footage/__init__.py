"""What there is of footage, and for how long: told before anybody sees a picture."""
