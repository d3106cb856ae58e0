package config

// Source is a place that settings come from, .NET's IConfigurationProvider. If it
// has a method Close() error, [Manager.Close] calls it.
type Source interface {
	// Name says where a value came from in error texts: "appsettings.json".
	Name() string

	// Load returns the values the source has now. Keys may be paths ("A:B") or
	// lead to nested maps and lists. A nil map means that the source does not
	// exist, which is not an error. Add and Reload call Load, never from two
	// goroutines at once for one Manager, and Load must not call either of them.
	Load() (map[string]any, error)
}

// FileBased is a [Source] that reads files or directories. A [Watcher] reloads the
// settings when one of them changes, appears or disappears.
type FileBased interface {
	Source

	// Paths returns the files, and the directories whose files are read. It
	// returns the same paths each time.
	Paths() []string
}

// Func is a [Source] that calls load.
func Func(name string, load func() (map[string]any, error)) Source {
	return funcSource{name: name, load: load}
}

type funcSource struct {
	name string
	load func() (map[string]any, error)
}

func (s funcSource) Name() string                  { return s.name }
func (s funcSource) Load() (map[string]any, error) { return s.load() }

// Map is a [Source] of values given in code, .NET's AddInMemoryCollection. Keys
// may be paths ("Worker:Interval") or lead to nested maps and lists. The map is
// read when it is added and again by each Reload.
func Map(values map[string]any) Source {
	return Func("memory", func() (map[string]any, error) { return values, nil })
}

// textSource is a [Source] whose values are all texts.
type textSource struct {
	name   string
	given  bool   // to this program
	prefix string // of the variables, before the key
	load   func() ([]entry, error)
}

func (s textSource) Name() string { return s.name }

func (s textSource) Load() (map[string]any, error) {
	entries, err := s.load()
	return asMap(entries), err
}

func asTexts(s Source) (textSource, bool) {
	switch s := s.(type) {
	case textSource:
		return s, true
	case flagSource:
		return s.textSource, true
	default:
		return textSource{}, false
	}
}

// Chain is a [Source] of the values of another Manager, .NET's AddConfiguration. A
// change there reloads the Manager that the source was added to.
func Chain(manager *Manager) Source { return chained{manager} }

type chained struct{ manager *Manager }

func (c chained) Name() string { return "another Manager" }

func (c chained) Load() (map[string]any, error) { return c.manager.snapshot().root.object(), nil }

// entries keep where the other Manager has its values from.
func (c chained) entries() ([]entry, error) {
	entries := []entry{}
	c.manager.snapshot().root.each(func(n *node) {
		entries = append(entries, entry{key: n.path, value: n.value, from: n.from})
	})
	return entries, nil
}
