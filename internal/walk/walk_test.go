package walk_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fxhost/fxhost/internal/walk"
)

// part is a participant that notes its calls.
type part struct {
	name  string
	calls *[]string
	step  func(context.Context) error
}

func (p *part) Concurrent() bool { return false }

func (p *part) Step(row *walk.Row) (step func(context.Context) error, limit time.Duration) {
	return func(ctx context.Context) error {
		*p.calls = append(*p.calls, p.name+" "+row.Name)
		if p.step != nil {
			return p.step(ctx)
		}
		return nil
	}, 0
}

func (p *part) Report(_ *walk.Row, o walk.Outcome) error { return o.Err }
func (p *part) Waiting(*walk.Row, time.Duration)         {}
func (p *part) Returned(*walk.Row, error)                {}

func row(name string, r walk.Row) *walk.Row {
	r.Name, r.Needs, r.Begun = name, ^walk.Stage(0), make(chan struct{})
	return &r
}

// The loop does what the rows say, over all members or over a part of them.
func TestRowsSayWhatIsCalled(t *testing.T) {
	t.Parallel()
	var calls []string
	w := &walk.Walk{}
	start := row("start", walk.Row{FailFast: true})
	stop := row("stop", walk.Row{Backward: true})
	errBroken := errors.New("broken")
	a := w.Add(&part{"a", &calls, nil}, 0, start)
	w.Add(&part{"b", &calls, func(context.Context) error { return errBroken }}, 0, start)
	c := w.Add(&part{"c", &calls, nil}, 0, start)

	if errs := w.Run(t.Context(), nil, start, stop); len(errs) != 1 || !errors.Is(errs[0], errBroken) {
		t.Errorf("errors %v", errs)
	}
	w.Run(t.Context(), nil, stop)
	w.Run(t.Context(), []*walk.Member{c, a}, start)
	if got, want := strings.Join(calls, ", "), "a start, b start, c stop, b stop, a stop, a start, c start"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if w.Add(&part{"late", &calls, nil}, 0, start) != nil {
		t.Error("a participant was added after the row had begun")
	}
}

// Members move back only, and a cycle is found wherever it begins.
func TestOrder(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		ranks [4]int
		after map[int][]int // by index
		want  string
	}{
		{[4]int{}, nil, "0 1 2 3"},
		{[4]int{}, map[int][]int{0: {2}}, "1 2 0 3"},
		{[4]int{}, map[int][]int{0: {1}, 1: {3}}, "2 3 1 0"},
		{[4]int{}, map[int][]int{0: {3, 3}, 1: {0}}, "2 3 0 1"},
		{[4]int{}, map[int][]int{0: {1}, 1: {2}, 2: {1}}, "cycle of 2"},
		{[4]int{}, map[int][]int{3: {3}}, "cycle of 1"},
		{[4]int{1, 0, -1, 0}, nil, "2 1 3 0"},
		{[4]int{1, 1, -1, -1}, nil, "2 3 0 1"},
		{[4]int{1, 0, -1, 0}, map[int][]int{0: {1, 2}, 1: {3}, 3: {2}}, "2 3 1 0"},
		{[4]int{1, 1, -1, -1}, map[int][]int{0: {1}, 2: {3}}, "3 2 1 0"},
	} {
		var calls []string
		w := &walk.Walk{}
		all := row("all", walk.Row{})
		members := make([]*walk.Member, 4)
		for i := range members {
			members[i] = w.Add(&part{fmt.Sprint(i), &calls, nil}, test.ranks[i], all)
		}
		for i, after := range test.after {
			for _, j := range after {
				members[i].After = append(members[i].After, members[j])
			}
		}
		got := ""
		if cycle := w.Order(); len(cycle) > 0 {
			got = fmt.Sprint("cycle of ", len(cycle))
		} else {
			w.Run(t.Context(), nil, all)
			got = strings.ReplaceAll(strings.Join(calls, " "), " all", "")
		}
		if got != test.want {
			t.Errorf("after %v: got %s, want %s", test.after, got, test.want)
		}
	}
}

// The first request decides, and who makes another one is in a hurry.
func TestStopRequest(t *testing.T) {
	t.Parallel()
	r := walk.NewStopRequest()
	first, second := errors.New("first"), errors.New("second")
	var told []error
	hurried := 0
	r.Then(func(cause error) { told = append(told, cause) })
	r.WhenHurried(func() { hurried++ })

	if !r.Make(first, walk.Outside) || r.Make(second, walk.Inside) || hurried != 0 {
		t.Error("the first request does not decide")
	}
	r.Then(func(cause error) { told = append(told, cause) })
	r.MakeOrHurry(second, walk.Inside)
	<-r.Made()
	if r.Cause() != first || r.Origin() != walk.Outside || hurried != 1 || !slices.Equal(told, []error{first, first}) { //nolint:errorlint // the same value
		t.Errorf("cause %v, origin %v, hurried %d, told %v", r.Cause(), r.Origin(), hurried, told)
	}
}

// A call that ignores its context is left behind.
func TestTryLeavesBehindWhatDoesNotReturn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin, late := time.Now(), make(chan error)
		outcome := walk.Try(ctx, func(context.Context) error {
			time.Sleep(time.Hour)
			return nil
		}, func(err error) { late <- err })
		if !outcome.Late || outcome.Elapsed != 1100*time.Millisecond || !errors.Is(outcome.Cause, context.DeadlineExceeded) {
			t.Errorf("outcome %+v", outcome)
		}
		if err := <-late; err != nil || time.Since(begin) != time.Hour {
			t.Errorf("returned %v after %v", err, time.Since(begin))
		}
	})
}
