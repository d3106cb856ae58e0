package config

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/fxhost/fxhost/internal/spelling"
)

// sections are the whole keys of sections that are configured.
type sections []string

func (s sections) has(path string) bool {
	return slices.ContainsFunc(s, func(section string) bool { return strings.EqualFold(section, path) })
}

// below tells whether one of them lies below a key.
func (s sections) below(path string) bool {
	return slices.ContainsFunc(s, func(section string) bool {
		_, ok := cutPrefixFold(section, path+delimiter)
		return ok
	})
}

func (m *Manager) sections() sections {
	if s := m.claimed.Load(); s != nil {
		return *s
	}
	return nil
}

// claim adds to the sections that are configured.
func (m *Manager) claim(names []string) {
	m.loading.Lock()
	defer m.loading.Unlock()
	all := slices.Clone(m.sections())
	for _, name := range names {
		if !all.has(name) {
			all = append(all, name)
		}
	}
	m.claimed.Store(&all)
}

// ErrUnread is in the errors of [Manager.Unread].
var ErrUnread = errors.New("nothing in the program reads this setting")

// Unread returns the settings that nothing has read so far: the first name of their
// keys is that of no configured section and of no read of the program. They are
// probably misspelt, and without them a default is in force. given are those of the
// command line and of environment variables with a prefix, which were meant for this
// program. inFiles are those of files, apart from secrets, one for each first name.
//
// Only the first name counts; [Manager.Bind] checks the keys below it. Calling
// [Manager.Viper] counts as reading everything.
func (m *Manager) Unread() (given, inFiles []*KeyError) {
	if m.asked.all.Load() {
		return nil, nil
	}
	known := m.asked.list()
	seen := map[string]bool{}
	for _, l := range m.snapshot().layers {
		text, isText := asTexts(l.source)
		_, isFile := l.source.(fileSource)
		_, ofTest := l.source.(interface{ GivenByTest() }) // of package hosttest
		if !isFile && !text.given && !ofTest {
			continue
		}
		for _, e := range l.entries {
			key := e.key
			name, rest, _ := strings.Cut(key, delimiter)
			if isFile {
				key, rest = name, ""
			}
			if m.asked.has(name) || isText && kubernetes.MatchString(key) || seen[e.from.source+fold(key)] {
				continue
			}
			seen[e.from.source+fold(key)] = true
			unread := &KeyError{Key: key, Source: e.from.source, Line: e.from.line, Err: ErrUnread}
			if text.prefix != "" {
				unread.Source += " " + text.prefix + strings.ReplaceAll(key, delimiter, "__")
			}
			if near := spelling.Nearest(name, known); near != "" {
				unread.Hint = fmt.Sprintf("did you mean %q?", strings.TrimSuffix(join(near, rest), delimiter))
			}
			if isFile {
				inFiles = append(inFiles, unread)
			} else {
				given = append(given, unread)
			}
		}
	}
	return given, inFiles
}

// kubernetes are variables that it makes for a service whose name begins with the
// prefix.
var kubernetes = regexp.MustCompile(`(?i)(^|_)(SERVICE_(HOST|PORT)|PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?$)`)

// asked are the first names of keys that were read. Reads of it never lock.
type asked struct {
	all   atomic.Bool                       // counts as read
	names atomic.Pointer[map[string]string] // by folded name, as it was written; a map never changes
}

// maxAsked bounds what a program costs that reads keys it makes up all the time.
const maxAsked = 1000

// note remembers the first name of a key.
func (a *asked) note(key string) {
	name, _, _ := strings.Cut(key, delimiter)
	for name != "" && !a.all.Load() && !a.has(name) {
		old := a.names.Load()
		grown := map[string]string{fold(name): name}
		if old != nil {
			if len(*old) > maxAsked { // somebody is about to say so
				a.all.Store(true)
				return
			}
			maps.Copy(grown, *old)
		}
		if a.names.CompareAndSwap(old, &grown) && len(grown) > maxAsked {
			a.all.Store(true)
		}
	}
}

func (a *asked) has(name string) bool {
	names := a.names.Load()
	if names == nil {
		return false
	}
	_, ok := (*names)[fold(name)]
	return ok
}

// list returns the names in order.
func (a *asked) list() []string {
	names := a.names.Load()
	if names == nil {
		return nil
	}
	return slices.Sorted(maps.Values(*names))
}

// noteSection remembers what a T takes that is read from a section: the first name
// of the section, or at the root those of T's fields.
func (a *asked) noteSection(section string, t reflect.Type, b *binder) {
	if section != "" {
		a.note(section)
		return
	}
	if t.Kind() != reflect.Struct {
		a.all.Store(true)
		return
	}
	f := b.fieldsOf(t)
	if f.remain != nil {
		a.all.Store(true)
	}
	for _, name := range f.names {
		a.note(name)
	}
}
