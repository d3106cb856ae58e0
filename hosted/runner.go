package hosted

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/internal/walk"
)

// runner runs the life of one application: it walks the rows of the table, logs
// what happens, and makes the contexts that bound it. It is the walk.Life of package
// host. Safe for concurrent use.
type runner struct {
	options  Options
	log      *zap.Logger
	table    table
	walk     *walk.Walk
	stopping *walk.StopRequest
	lifetime *ApplicationLifetime
	around   *fx.Hook // nil for none

	ordered  sync.Once
	orderErr error

	settled chan struct{} // closed when a start has succeeded, or is about to be rolled back
	stopped chan struct{} // closed when a stop has ended
	result  error         // of the stop; read it after stopped

	mu        sync.Mutex
	services  []*registered // in registration order
	byName    map[string]*registered
	hooks     int
	begun     bool    // start was called
	started   bool    // start has succeeded
	ending    bool    // somebody runs the stop
	cancelled bool    // the start was cut short by a request to stop, and nothing failed
	faults    []error // of services whose policy is to stop the host

	restarting     context.Context //nolint:containedctx // of all restarts, which begin at any time
	stopRestarting context.CancelCauseFunc
	supervision    sync.WaitGroup // of the goroutines that restart
}

func newRunner(options Options, request *walk.StopRequest) *runner {
	if request == nil {
		request = walk.NewStopRequest()
	}
	r := &runner{
		options:  options,
		log:      zap.NewNop(), // until the application has one
		table:    newTable(options),
		stopping: request,
		settled:  make(chan struct{}),
		stopped:  make(chan struct{}),
		byName:   map[string]*registered{},
	}
	r.walk = &walk.Walk{
		Timeout: func(name string, limit time.Duration) error { return &TimeoutError{Name: name, Limit: limit} },
		Budget:  r.budget,
	}
	r.lifetime = &ApplicationLifetime{r}
	r.restarting, r.stopRestarting = context.WithCancelCause(context.Background())
	r.stopping.Then(func(cause error) {
		r.mu.Lock() // so that no supervision begins that the stop does not see
		defer r.mu.Unlock()
		r.stopRestarting(&stopRequestError{cause})
	})
	if options.DrainDelay > 0 {
		r.walk.Add(&callback{r, "drain delay", r.table.draining, untilEnd}, int(middle), r.table.starting)
	}
	return r
}

// untilEnd makes the drain as long as its context.
func untilEnd(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// Check implements walk.Life: it puts the services in their order.
func (r *runner) Check() error {
	r.ordered.Do(func() { r.orderErr = r.order() })
	return r.orderErr
}

// add registers a service.
func (r *runner) add(s *registered) error {
	if binder, ok := s.service.(Binder); ok {
		if err := binder.Bind(s.service, s.toldEnd); err != nil {
			return fmt.Errorf("hosted: service %q (%v): %w", s.name, s.place, err)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if other := r.byName[s.name]; other != nil {
		return fmt.Errorf("hosted: service %q is registered twice, at %v and at %v: "+
			"remove one, or give it another name with hosted.Name", s.name, other.place, s.place)
	}
	if s.member = r.walk.Add(s, int(s.options.rank), r.table.starting); s.member == nil {
		return fmt.Errorf("hosted: service %q (%v) was registered after the host had started", s.name, s.place)
	}
	r.services = append(r.services, s)
	r.byName[s.name] = s
	return nil
}

func (r *runner) list() []*registered {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.services)
}

func (r *runner) inStartOrder() []*registered {
	r.mu.Lock() // so that none is seen while it is added
	defer r.mu.Unlock()
	var services []*registered
	for _, p := range r.walk.Participants() {
		if s, ok := p.(*registered); ok {
			services = append(services, s)
		}
	}
	return services
}

func (r *runner) addFault(fault error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults = append(r.faults, fault)
}

// Work implements walk.Life.
func (r *runner) Work() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.services) + r.hooks
}

// Done implements walk.Life.
func (r *runner) Done() <-chan struct{} { return r.stopped }

// Cancelled implements walk.Life. What went wrong in stopping again is what Stop
// returns.
func (r *runner) Cancelled() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cancelled
}
