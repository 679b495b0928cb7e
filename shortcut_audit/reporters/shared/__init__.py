"""What do several reporters say alike?"""
