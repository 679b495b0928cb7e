"""How is a model read where it lies, over a network, without fetching its weights?"""
