//! The one path from surroundings to local conductivities: gather, descriptor, model, in chunks.
