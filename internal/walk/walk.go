// Package walk leads participants through the rows of a table, which is the
// life of a host. It knows nothing of what the participants are, and what is
// told of them.
package walk

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Participant is what a walk calls.
type Participant interface {
	// Concurrent tells whether it may be called side by side with its neighbours
	// that say so, too.
	Concurrent() bool
	// Step is what to call in the row, nil for nothing, and how long that may
	// take, zero for no limit.
	Step(row *Row) (step func(context.Context) error, limit time.Duration)
	// Report tells how the step ended. It returns what the walk is to return.
	Report(row *Row, outcome Outcome) error
	// Waiting tells that the step has not returned for a long time.
	Waiting(row *Row, elapsed time.Duration)
	// Returned tells how a step ended that was left behind.
	Returned(row *Row, err error)
}

// Outcome is how the step of a participant ended.
type Outcome struct {
	Err     error         // what the step returned
	Cause   error         // why its context had ended by then, nil if it had not
	Late    bool          // it had not returned in time and was left behind
	Elapsed time.Duration // how long it was waited for
}

// Walk has the participants of one life, in the order of their registration.
// Safe for concurrent use.
type Walk struct {
	// Timeout is the cause of a context that the limit of one call has ended.
	Timeout func(name string, limit time.Duration) error
	// Budget bounds the undoing of a step that had been left behind.
	Budget func(context.Context) (context.Context, context.CancelFunc)

	mu      sync.Mutex
	members []*Member
	pending []*Pending // that have not returned
}

// Pending is a step that has not returned.
type Pending struct {
	Participant

	Row   *Row
	Since time.Time
	Late  bool // it was left behind
}

// Pending are the steps that have not returned, the oldest first.
func (w *Walk) Pending() []Pending {
	w.mu.Lock()
	defer w.mu.Unlock()
	pending := make([]Pending, len(w.pending))
	for i, p := range w.pending {
		pending[i] = *p
	}
	return pending
}

// Participants are all, in the order in which a row that is not Backward visits them.
func (w *Walk) Participants() []Participant {
	w.mu.Lock()
	defer w.mu.Unlock()
	participants := make([]Participant, len(w.members))
	for i, m := range w.members {
		participants[i] = m.Participant
	}
	return participants
}

// Member is a participant and how far it has come.
type Member struct {
	Participant

	// After are those that m comes after, for [Walk.Order]. None may have a higher rank.
	After []*Member

	walk  *Walk
	rank  int
	layer int // the longest chain of After in front of it
	stage Stage
	late  int // steps that were left behind and have not returned
	since time.Time
}

// Add adds p behind all others of its rank, and in front of those of a higher one.
// It returns nil when before has begun already.
func (w *Walk) Add(p Participant, rank int, before *Row) *Member {
	w.mu.Lock()
	defer w.mu.Unlock()
	if before.hasBegun() {
		return nil
	}
	m := &Member{Participant: p, walk: w, rank: rank, stage: Registered, since: time.Now()}
	at := len(w.members)
	for at > 0 && w.members[at-1].rank > rank {
		at--
	}
	w.members = slices.Insert(w.members, at, m)
	return m
}

// Stage tells how far m has come, whether one of its steps was left behind and
// still goes on, and since when that is so.
func (m *Member) Stage() (stage Stage, late bool, since time.Time) {
	m.walk.mu.Lock()
	defer m.walk.mu.Unlock()
	return m.stage, m.late > 0, m.since
}

// Run walks the rows one after the other, each over all participants, or over part
// if that is not nil. The errors are in the order in which the participants were
// called. A FailFast row that finds ctx ended returns without an error of its own.
func (w *Walk) Run(ctx context.Context, part []*Member, rows ...*Row) []error {
	var (
		errs []error
		over overtimer
	)
	for _, row := range rows {
		members := w.begin(row, part)
		for len(members) > 0 {
			if row.FailFast && ctx.Err() != nil {
				return errs
			}
			batch := row.batch(members, over.isOver(ctx))
			members = members[len(batch):]
			errs = append(errs, w.visit(ctx, row, batch)...)
			if row.FailFast && len(errs) > 0 {
				return errs
			}
		}
	}
	return errs
}

// begin lists the participants in the order of the row.
func (w *Walk) begin(row *Row, part []*Member) []*Member {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !row.hasBegun() {
		close(row.Begun)
	}
	members := slices.Clone(w.members)
	if part != nil {
		members = slices.DeleteFunc(members, func(m *Member) bool { return !slices.Contains(part, m) })
	}
	if row.Concurrent {
		gather(members)
	}
	if row.Backward {
		slices.Reverse(members)
	}
	return members
}

// gather moves the concurrent members of each rank together, layer by layer. Of the
// others, those before the last concurrent one come first, because it may need them,
// each in its own order.
func gather(members []*Member) {
	for len(members) > 0 {
		n := 1
		for n < len(members) && members[n].rank == members[0].rank {
			n++
		}
		gatherRank(members[:n])
		members = members[n:]
	}
}

func gatherRank(members []*Member) {
	last := len(members) - 1
	for last >= 0 && !members[last].Concurrent() {
		last--
	}
	slices.SortStableFunc(members[:last+1], func(a, b *Member) int {
		switch {
		case a.Concurrent() && b.Concurrent():
			return a.layer - b.layer
		case a.Concurrent() == b.Concurrent():
			return 0
		case b.Concurrent():
			return -1
		default:
			return 1
		}
	})
}

// batch cuts off those in front of members that are called side by side: all of
// them when the walk is in a hurry.
func (r *Row) batch(members []*Member, hurry bool) []*Member {
	if hurry || r.AtOnce {
		return members
	}
	n := 1
	if r.Concurrent && members[0].Concurrent() {
		for n < len(members) && members[n].Concurrent() && members[n].besides(members[0]) {
			n++
		}
	}
	return members[:n]
}

// besides tells whether m may be called side by side with other.
func (m *Member) besides(other *Member) bool { return m.rank == other.rank && m.layer == other.layer }

func (w *Walk) visit(ctx context.Context, row *Row, batch []*Member) []error {
	if len(batch) == 1 {
		if err := w.do(ctx, row, batch[0]); err != nil {
			return []error{err}
		}
		return nil
	}
	errs := make([]error, len(batch))
	var calls sync.WaitGroup
	for i, m := range batch {
		calls.Go(func() { errs[i] = w.do(ctx, row, m) })
	}
	calls.Wait()
	return slices.DeleteFunc(errs, func(err error) bool { return err == nil })
}

// do has m take its part in the row.
func (w *Walk) do(ctx context.Context, row *Row, m *Member) error {
	step, limit := m.Step(row)
	if !w.enter(row, m, step != nil) || step == nil {
		return nil
	}
	return w.perform(ctx, row, m, step, limit)
}

// perform runs the step of m, which has entered the row.
func (w *Walk) perform(
	ctx context.Context, row *Row, m *Member, step func(context.Context) error, limit time.Duration,
) error {
	if row.Limit > 0 {
		limit = row.Limit
	}
	limited := ctx
	if limit > 0 && ctx.Err() == nil {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeoutCause(ctx, limit, w.Timeout(row.LimitName, limit))
		defer cancel()
	}
	call := w.begun(row, m)
	outcome, leave := attempt{
		step: step, patience: row.Patience,
		waiting:  func(elapsed time.Duration) { m.Waiting(row, elapsed) },
		returned: func(err error) { w.returned(ctx, call, m, err) },
	}.run(limited)
	w.leave(call, m, outcome)
	leave()
	return m.Report(row, outcome)
}

// enter tells whether m takes part in the row, and notes that it does.
func (w *Walk) enter(row *Row, m *Member, hasStep bool) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if m.stage&row.Needs == 0 {
		return false
	}
	if hasStep {
		m.reach(row.During)
	} else {
		m.reach(row.NoStep)
	}
	return true
}

// begun notes that the step of m in the row begins.
func (w *Walk) begun(row *Row, m *Member) *Pending {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := &Pending{Participant: m.Participant, Row: row, Since: time.Now()}
	w.pending = append(w.pending, c)
	return c
}

// ended is called with the lock held.
func (w *Walk) ended(c *Pending) {
	i := slices.Index(w.pending, c)
	w.pending = slices.Delete(w.pending, i, i+1)
}

func (w *Walk) leave(c *Pending, m *Member, outcome Outcome) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if outcome.Late {
		c.Late = true
		m.late++
		m.since = time.Now()
		return
	}
	w.ended(c)
	if outcome.Err != nil {
		m.reach(c.Row.Failed)
	} else {
		m.reach(c.Row.Succeeded)
	}
}

// returned looks after a step that was left behind and has returned now: what
// succeeded after all is undone, and what failed is cleaned up.
func (w *Walk) returned(ctx context.Context, c *Pending, m *Member, err error) {
	row := c.Row
	next := row.Undo
	if err != nil {
		next = row.Cleanup
	}
	w.mu.Lock()
	w.ended(c)
	m.late--
	switch {
	case next != nil:
		m.reach(next.During) // in one step, so that nobody else begins anything with m
	case err != nil:
		m.reach(row.Failed)
	default:
		m.reach(row.Succeeded)
	}
	w.mu.Unlock()
	m.Returned(row, err)
	if next == nil {
		return
	}
	ctx, cancel := w.Budget(context.WithoutCancel(ctx))
	defer cancel()
	if step, limit := m.Step(next); step != nil {
		_ = w.perform(ctx, next, m, step, limit) // m tells; nobody is left to return it to
	}
}

// reach is called with the lock held.
func (m *Member) reach(stage Stage) {
	if stage != 0 {
		m.stage = stage
		m.since = time.Now()
	}
}

// overtimer tells when the overtime of a walk is used up.
type overtimer struct{ end time.Time }

func (o *overtimer) isOver(ctx context.Context) bool {
	if ctx.Err() == nil {
		return false
	}
	if o.end.IsZero() {
		o.end = time.Now().Add(overtime)
	}
	return !time.Now().Before(o.end)
}
