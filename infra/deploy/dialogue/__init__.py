"""Questions of a deployment, who answers them, and where the answers are kept and tried."""
