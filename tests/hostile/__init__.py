"""What becomes of files that strangers send: broken, absurd, malicious or merely odd ones?"""
