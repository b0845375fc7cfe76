"""What an encoder learned: probes on its frozen features."""
