"""What readers can have done with their data: all of it handed over, or all of it removed."""
