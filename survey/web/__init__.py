"""What all pages share: who is asking, what they may do, headers, limits and error pages."""
