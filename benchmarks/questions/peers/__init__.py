"""What users would pick instead, beside ours in the same run; who cannot is named with why."""
