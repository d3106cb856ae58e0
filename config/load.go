package config

import "fmt"

// load reads sources, all of them or none.
func load(sources []Source) ([]layer, error) {
	var layers []layer
	for _, s := range sources {
		entries, err := read(s)
		if err != nil {
			return nil, fmt.Errorf("config: %s: %w", whole(s), err)
		}
		layers = append(layers, layer{source: s, present: entries != nil, entries: entries})
	}
	return layers, nil
}

// read returns the values of a source; nil if it is not there.
func read(s Source) ([]entry, error) {
	if c, ok := s.(chained); ok {
		return c.entries(), nil
	}
	d, err := decodedFrom(s)
	if err != nil || d.values == nil {
		return nil, err
	}
	entries, err := flatten(d)
	if err != nil {
		return nil, err
	}
	_, secret := s.(confidential)
	name := s.Name()
	for i := range entries {
		entries[i].from.source, entries[i].from.secret = name, secret
	}
	return entries, nil
}

// decodedFrom loads a source, with the lines if it knows them.
func decodedFrom(s Source) (decoded, error) {
	if l, ok := s.(interface{ read() (decoded, error) }); ok {
		return l.read()
	}
	values, err := s.Load()
	return decoded{values: values}, err
}

// whole names a source that failed to load: a file by its whole path.
func whole(s Source) string {
	if f, ok := s.(FileBased); ok {
		if paths := f.Paths(); len(paths) == 1 {
			return paths[0]
		}
	}
	return s.Name()
}
