package hosted

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/internal/caller"
)

// Strategy says which services of a [Group] are restarted when one of them has a
// fault. The names are those of Erlang's supervisors.
type Strategy uint8

const (
	// OneForOne restarts the one with the fault.
	OneForOne Strategy = iota
	// OneForAll restarts all.
	OneForAll
	// RestForOne restarts the one with the fault and those registered after it.
	RestForOne
)

func (s Strategy) String() string {
	return [...]string{"one for one", "one for all", "rest for one"}[s]
}

// affected returns the members to restart when some of them have a fault.
func (s Strategy) affected(members, faulted []*registered) []*registered {
	first := slices.IndexFunc(members, func(m *registered) bool { return slices.Contains(faulted, m) })
	switch {
	case first < 0:
		return nil
	case s == OneForAll:
		return slices.Clone(members)
	case s == RestForOne:
		return slices.Clone(members[first:])
	default:
		return slices.DeleteFunc(slices.Clone(members), func(m *registered) bool { return !slices.Contains(faulted, m) })
	}
}

// Group puts the services that the options register under one policy, whose Limit
// counts the restarts of all of them. A restart stops its services newest first and
// starts them in registration order. Services of a group cannot have an [OnFault] of
// their own, and groups cannot be nested.
//
// A group is an fx.Module, so its services start before those that are added
// outside of it.
func Group(name string, strategy Strategy, policy RestartPolicy, services ...fx.Option) fx.Option {
	policy, err := policy.withDefaults()
	if strings.TrimSpace(name) == "" {
		err = errors.Join(errors.New("empty name"), err)
	}
	if strategy > RestForOne {
		err = errors.Join(err, fmt.Errorf("unknown strategy %d", uint8(strategy)))
	}
	if err != nil {
		return fx.Error(fmt.Errorf("hosted: Group(%q) at %v: %w", name, caller.Here(), err))
	}
	return fx.Module(name,
		fx.Decorate(func(in *registrar) (*registrar, error) {
			if in.group != nil {
				return nil, fmt.Errorf("hosted: group %q is within group %q: put them beside each other", name, in.group.name)
			}
			s := &supervisor{runner: in.runner, policy: policy, strategy: strategy}
			return &registrar{in.runner, &group{name, s}}, nil
		}),
		fx.Options(services...),
	)
}

// group is what a registration within a [Group] finds.
type group struct {
	name       string
	supervisor *supervisor
}
