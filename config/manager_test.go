package config_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/fxhost/fxhost/config"
)

// load returns a Manager of the sources and fails the test if there is none.
func load(t *testing.T, sources ...config.Source) *config.Manager {
	t.Helper()
	m, err := config.New(sources...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// wantError fails the test unless err has exactly this text.
func wantError(t *testing.T, err error, text string) {
	t.Helper()
	if err == nil || err.Error() != text {
		t.Errorf("error\n%v\nwant\n%s", err, text)
	}
}

func wantGet(t *testing.T, m *config.Manager, key, want string) {
	t.Helper()
	if got, ok := m.Get(key); got != want || !ok {
		t.Errorf("Get(%q) is %q, %v; want %q", key, got, ok, want)
	}
}

func TestTheZeroManagerIsEmpty(t *testing.T) {
	t.Parallel()
	var m config.Manager
	var target struct{ A int }
	if _, ok := m.Get("A"); ok || m.Exists("A") || m.Children("") != nil || m.Files() != nil {
		t.Error("the zero Manager has something")
	}
	if err := errors.Join(m.Bind("A", &target), m.Bind("", &target), m.Reload(), m.Add()); err != nil {
		t.Error(err)
	}
	if m.Viper().IsSet("A") {
		t.Error("its viper has something")
	}
}

func TestTheLastSourceWinsPerKey(t *testing.T) { // CF-1, CG-1
	t.Parallel()
	m := load(t,
		config.Map(map[string]any{"Worker": map[string]any{"Interval": "5s", "Name": "a"}}),
		config.Map(map[string]any{"worker:INTERVAL": "7s"}),
	)
	wantGet(t, m, "Worker:Interval", "7s")
	wantGet(t, m, "WORKER:name", "a")
}

func TestLaterSourcesTakeEffectAtOnce(t *testing.T) { // CF-8
	t.Parallel()
	m := load(t, config.Map(map[string]any{"A": 1}))
	if err := m.Add(config.Map(map[string]any{"A": 2})); err != nil {
		t.Fatal(err)
	}
	wantGet(t, m, "A", "2")
}

func TestListsMergeByIndex(t *testing.T) { // CG-1
	t.Parallel()
	m := load(t,
		config.Map(map[string]any{"Tags": []string{"a", "b", "c"}}),
		config.Map(map[string]any{"Tags:1": "B", "Tags:3": "d"}),
	)
	var tags []string
	if err := m.Bind("Tags", &tags); err != nil || !slices.Equal(tags, []string{"a", "B", "c", "d"}) {
		t.Errorf("tags %q, error %v", tags, err)
	}
}

func TestANodeMayHaveAValueAndChildren(t *testing.T) {
	t.Parallel()
	m := load(t, config.Map(map[string]any{"A": "value", "A:B": "child"}))
	wantGet(t, m, "A", "value")
	wantGet(t, m, "A:B", "child")
}

func TestANullReadsAsNotSet(t *testing.T) { // CG-13
	t.Parallel()
	m := load(t,
		config.Map(map[string]any{"A": 1, "B:C": 1}),
		config.Map(map[string]any{"A": nil, "B": nil, "D": nil}),
	)
	for _, key := range []string{"A", "D"} {
		if _, ok := m.Get(key); ok || m.Exists(key) {
			t.Errorf("%s is set", key)
		}
	}
	wantGet(t, m, "B:C", "1") // the null was the value of B itself
}

func TestGetReturnsText(t *testing.T) { // CG-13
	t.Parallel()
	m := load(t, config.Map(map[string]any{
		"int": 5, "uint": uint8(6), "float": 1.50, "million": 1e6, "yes": true, "no": false,
		"text": "a b", "empty": "", "section": map[string]any{"A": 1}, "none": map[string]any{}, "list": []any{},
	}))
	for key, want := range map[string]string{
		"int": "5", "uint": "6", "float": "1.5", "million": "1000000", "yes": "true", "no": "false", "text": "a b", "empty": "",
	} {
		wantGet(t, m, key, want)
	}
	for _, key := range []string{"section", "none", "list"} {
		if _, ok := m.Get(key); ok || !m.Exists(key) {
			t.Errorf("%s: has a value, or does not exist", key)
		}
	}
}

func TestChildrenAreInOrderAndKeepTheirCase(t *testing.T) {
	t.Parallel()
	m := load(t, config.Map(map[string]any{"L:b": 1, "L:A": 1, "L:10": 1, "L:9": 1, "L:C:x": 1}))
	if got, want := m.Children("l"), []string{"9", "10", "A", "b", "C"}; !slices.Equal(got, want) {
		t.Errorf("children %q, want %q", got, want)
	}
	if got := m.Children("absent"); got != nil {
		t.Errorf("children of nothing: %q", got)
	}
}

func TestTwoKeysOfOneSourceThatDifferInCaseAreAnError(t *testing.T) { // V6
	t.Parallel()
	for text, values := range map[string]map[string]any{
		"config: memory: Port and port are the same key; keep one":           {"port": 1, "Port": 2},
		"config: memory: HTTP and Http are the same key; keep one":           {"Http": map[string]any{"A": 1}, "HTTP": map[string]any{"B": 1}},
		"config: memory: Http:Port and Http:port are the same key; keep one": {"Http": map[string]any{"Port": 1}, "Http:port": 2},
	} {
		_, err := config.New(config.Map(values))
		wantError(t, err, text)
	}
}

func TestAValueThatIsNoSettingIsAnError(t *testing.T) {
	t.Parallel()
	_, err := config.New(config.Map(map[string]any{"A": map[string]any{"B": make(chan int)}}))
	wantError(t, err, "config: memory: A:B: a chan int is not a setting")
}

func TestAFailedAddChangesNothing(t *testing.T) {
	t.Parallel()
	m := load(t, config.Map(map[string]any{"A": 1}))
	broken := errors.New("no answer")

	err := m.Add(
		config.Map(map[string]any{"A": 2}),
		config.Func("vault", func() (map[string]any, error) { return nil, broken }),
	)

	wantError(t, err, "config: vault: no answer")
	if !errors.Is(err, broken) {
		t.Error("the cause is lost")
	}
	wantGet(t, m, "A", "1")
}

func TestReloadReadsAllSourcesAgain(t *testing.T) {
	t.Parallel()
	value, fail := 1, error(nil)
	m := load(t,
		config.Func("first", func() (map[string]any, error) { return map[string]any{"A": value, "B": value}, nil }),
		config.Func("second", func() (map[string]any, error) { return map[string]any{"B": "fixed"}, fail }),
	)

	value = 2
	if err := m.Reload(); err != nil {
		t.Fatal(err)
	}
	wantGet(t, m, "A", "2")
	wantGet(t, m, "B", "fixed")

	value, fail = 3, errors.New("no answer")
	wantError(t, m.Reload(), "config: second: no answer")
	wantGet(t, m, "A", "2")
}

func TestViperIsAPrivateCopy(t *testing.T) { // V1, V7, V9, V14
	t.Parallel()
	m := load(t,
		config.Map(map[string]any{"Worker": map[string]any{"Interval": "5s", "Tags": []any{"a"}}, "App.Name": "x"}),
		config.Environment("", []string{"WORKER__RETRIES=3"}),
	)
	v := m.Viper()
	if v.GetDuration("worker:interval").Seconds() != 5 || v.GetInt("Worker:Retries") != 3 ||
		v.GetString("app.name") != "x" || !slices.Equal(v.GetStringSlice("Worker:Tags"), []string{"a"}) {
		t.Errorf("viper has %v", v.AllSettings())
	}
	v.Set("Worker:Interval", "1s")
	wantGet(t, m, "Worker:Interval", "5s")
}

// Each reader must see one whole load: the values of a load are all the same.
func TestReadersSeeWholeSnapshotsDuringReload(t *testing.T) { // V1, with -race
	t.Parallel()
	n := 0
	m := load(t, config.Func("counter", func() (map[string]any, error) {
		n++
		values := map[string]any{}
		for i := range 20 {
			values[fmt.Sprintf("Section:K%d", i)] = n
		}
		return values, nil
	}))

	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 8 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				values := map[string]int{}
				if err := m.Bind("Section", &values); err != nil {
					t.Error(err)
					return
				}
				for key, v := range values {
					if v != values["K0"] {
						t.Errorf("%s is %d beside K0 = %d", key, v, values["K0"])
						return
					}
				}
				m.Get("Section:K1")
				m.Viper()
			}
		})
	}
	for range 100 {
		if err := m.Reload(); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	readers.Wait()
	wantGet(t, m, "Section:K19", "101")
}

func writeFile(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
