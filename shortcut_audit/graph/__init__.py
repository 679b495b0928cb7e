"""Which nouns travel from stage to stage: draft, graph, sizes, element types?"""
