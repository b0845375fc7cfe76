"""What an encoder has learnt: probes on its frozen features."""
