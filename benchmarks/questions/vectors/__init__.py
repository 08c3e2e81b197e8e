"""What embedding and searching vectors cost."""
