package config

// Source is a place that settings come from, .NET's IConfigurationProvider.
type Source interface {
	// Name says where a value came from in error texts: "appsettings.json".
	Name() string

	// Load returns the values the source has now. Keys may be paths ("A:B") or
	// lead to nested maps and lists. A nil map means that the source is not
	// there, which is no error. Load is called by Add and by Reload, never by two
	// goroutines of one Manager at once, and must not call either of them.
	Load() (map[string]any, error)
}

// FileBased is a [Source] that reads files or folders. Where settings are
// reloaded, a change of one of them leads to a Reload, also when it does not
// exist yet.
type FileBased interface {
	Source

	// Paths returns the files, and the folders whose files are read. It returns
	// the same paths each time.
	Paths() []string
}

// confidential is a [Source] whose values are all secrets, whatever their keys
// are.
type confidential interface{ confidential() }

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

// Chain is a [Source] of what another Manager has, .NET's AddConfiguration. A
// change there is a Reload here.
func Chain(manager *Manager) Source { return chained{manager} }

type chained struct{ manager *Manager }

func (c chained) Name() string { return "another Manager" }

func (c chained) Load() (map[string]any, error) { return c.manager.snapshot().root.object(), nil }

// entries keep where the other Manager has its values from.
func (c chained) entries() []entry {
	entries := []entry{}
	c.manager.snapshot().root.each(func(n *node) {
		entries = append(entries, entry{key: n.path, value: n.value, from: n.from})
	})
	return entries
}
