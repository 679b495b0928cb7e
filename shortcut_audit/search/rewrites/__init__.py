"""Which ways of writing a function say the same?"""
