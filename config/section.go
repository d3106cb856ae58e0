package config

// Section is a part of the configuration. It follows the Manager: what it
// returns is what the Manager has at that moment. It is .NET's
// IConfigurationSection.
type Section struct {
	manager *Manager
	path    string
}

// Section returns the part below a key, whether it exists or not; "" is the
// whole.
func (m *Manager) Section(key string) Section { return Section{manager: m, path: key} }

// Path is the whole key of the section.
func (s Section) Path() string { return s.path }

// Section returns the part below a key of this section.
func (s Section) Section(key string) Section {
	return Section{manager: s.manager, path: s.key(key)}
}

// Get is [Manager.Get] of a key below the section; "" is the section's own
// value.
func (s Section) Get(key string) (value string, ok bool) { return s.manager.Get(s.key(key)) }

// Exists tells whether the section has a value or keys below it.
func (s Section) Exists() bool { return s.manager.Exists(s.path) }

// Children returns the names of the keys directly below the section, see
// [Manager.Children].
func (s Section) Children() []string { return s.manager.Children(s.path) }

// Bind writes the section into what target points to, see [Manager.Bind].
func (s Section) Bind(target any, opts ...BindOption) error {
	return s.manager.Bind(s.path, target, opts...)
}

func (s Section) key(key string) string {
	if key == "" {
		return s.path
	}
	return join(s.path, key)
}
