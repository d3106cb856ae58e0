package config_test

import (
	"errors"
	"math"
	"net/netip"
	"net/url"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/fxhost/fxhost/config"
)

type base struct{ Name string }

type endpoint struct {
	Host string
	Port uint16
}

type options struct {
	base
	Interval  time.Duration
	Retries   int
	Rate      float64
	On        bool
	Tags      []string
	Limits    map[string]int
	Endpoints []endpoint
	Named     map[string]endpoint
	Primary   *endpoint
	Addr      netip.Addr
	AddrPtr   *netip.Addr
	Started   time.Time
	Pair      [2]int
	Renamed   string `config:"other-name"`
	Skipped   string `config:"-"`
	Any       any
	private   string //nolint:unused // a key must not find it
}

func TestBindReadsEveryKindOfField(t *testing.T) {
	t.Parallel()
	m := load(t, config.File(writeFile(t, filepath.Join(t.TempDir(), "a.json"), `{"Worker": {
		"name": "w", "interval": "1m30s", "RETRIES": 3, "Rate": 2, "On": true, "Tags": ["a", "b"],
		"Limits": {"perUser": 1, "PerHost": 2},
		"Endpoints": [{"Host": "a", "Port": 80}, {"Host": "b"}],
		"Named": {"Main": {"Port": 1}, "Empty": {}},
		"Primary": {"Host": "p"}, "Addr": "10.0.0.1", "AddrPtr": "::1", "Started": "2025-05-01T10:00:00Z",
		"Pair": [1, 2], "Other-Name": "r", "Any": {"A": [1, 2.5, true, "x", {}, []], "b": 9007199254740993}
	}}`)))
	var got options
	if err := m.Bind("worker", &got); err != nil {
		t.Fatal(err)
	}
	loopback := netip.MustParseAddr("::1")
	want := options{
		base: base{Name: "w"}, Interval: 90 * time.Second, Retries: 3, Rate: 2, On: true, Tags: []string{"a", "b"},
		Limits:    map[string]int{"perUser": 1, "PerHost": 2}, // the case of the file (V6)
		Endpoints: []endpoint{{"a", 80}, {"b", 0}},
		Named:     map[string]endpoint{"Main": {Port: 1}, "Empty": {}},
		Primary:   &endpoint{Host: "p"}, Addr: netip.MustParseAddr("10.0.0.1"), AddrPtr: &loopback,
		Started: time.Date(2025, 5, 1, 10, 0, 0, 0, time.UTC), Pair: [2]int{1, 2}, Renamed: "r",
		Any: map[string]any{
			"A": []any{int64(1), 2.5, true, "x", map[string]any{}, []any{}},
			"b": int64(9007199254740993),
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

func TestStringsOfTheEnvironmentAreConverted(t *testing.T) { // CG-2, V8
	t.Parallel()
	m := load(t, config.Environment("", []string{
		"W__NAME=5", "W__INTERVAL=5s", "W__RETRIES=-3", "W__RATE=0.5", "W__ON=True", "W__TAGS__0=a", "W__TAGS__1=true",
		"W__ENDPOINTS__0__PORT=65535", "W__LIMITS__x=1", "W__ADDR=::1",
	}))
	var got options
	if err := m.Bind("W", &got); err != nil {
		t.Fatal(err)
	}
	want := options{
		base: base{Name: "5"}, Interval: 5 * time.Second, Retries: -3, Rate: 0.5, On: true, Tags: []string{"a", "true"},
		Endpoints: []endpoint{{Port: 65535}}, Limits: map[string]int{"x": 1}, Addr: netip.IPv6Loopback(),
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

func TestWhatIsNotConfiguredKeepsItsDefault(t *testing.T) {
	t.Parallel()
	m := load(t, config.Map(map[string]any{"W": map[string]any{
		"Retries": 5, "Rate": nil, "AddrPtr": nil, "Tags": []any{"new"}, "Limits": map[string]any{"b": 2}, "Primary": map[string]any{"Port": 2},
	}}))
	tags := []string{"x", "y"}
	got := options{
		Interval: time.Second, Retries: 1, Rate: 1.5, Tags: tags, Limits: map[string]int{"a": 1},
		Primary: &endpoint{Host: "h", Port: 1}, Endpoints: []endpoint{{Host: "e"}},
	}
	if err := m.Bind("W", &got); err != nil {
		t.Fatal(err)
	}
	want := options{
		Interval: time.Second, Retries: 5, Rate: 1.5, Tags: []string{"new"}, Limits: map[string]int{"a": 1, "b": 2},
		Primary: &endpoint{Host: "h", Port: 2}, Endpoints: []endpoint{{Host: "e"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
	if tags[0] != "x" {
		t.Error("the list of the defaults was written to")
	}
}

func TestAnEmptyListReplacesTheDefault(t *testing.T) { // CG-13
	t.Parallel()
	m := load(t, config.Map(map[string]any{"W:Tags": []any{}, "W:Pair": []any{}}))
	got := options{Tags: []string{"x"}, Pair: [2]int{1, 2}}
	if err := m.Bind("W", &got); err != nil || got.Tags == nil || len(got.Tags) != 0 || got.Pair != [2]int{} {
		t.Errorf("tags %#v, pair %v, error %v", got.Tags, got.Pair, err)
	}
}

func TestBindReadsMapsListsAndSingleValues(t *testing.T) {
	t.Parallel()
	m := load(t, config.Map(map[string]any{"A": map[string]any{"B": 1, "c": "x"}, "L": []any{1, 2}, "V": "5s"}))
	var (
		object   map[string]any
		list     []int
		duration time.Duration
		anything any
		pointer  *int
		nested   map[string]map[string]any
	)
	err := errors.Join(m.Bind("A", &object), m.Bind("L", &list), m.Bind("V", &duration), m.Bind("L", &anything),
		m.Bind("A:B", &pointer))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(object, map[string]any{"B": int64(1), "c": "x"}) || !reflect.DeepEqual(list, []int{1, 2}) ||
		duration != 5*time.Second || !reflect.DeepEqual(anything, []any{int64(1), int64(2)}) || *pointer != 1 {
		t.Error(object, list, duration, anything, *pointer)
	}
	wantError(t, m.Bind("", &nested), "config: V: want a section with keys, got a string (memory)")
}

func TestGapsInAListAreClosed(t *testing.T) { // as .NET's binder
	t.Parallel()
	m := load(t, config.Environment("", []string{"L__5=b", "L__2=a", "L__10=c"}))
	var got []string
	if err := m.Bind("L", &got); err != nil || strings.Join(got, "") != "abc" {
		t.Errorf("got %q, error %v", got, err)
	}
}

func TestEachProblemNamesKeyValueSourceAndRule(t *testing.T) {
	t.Parallel()
	type target struct {
		Int      int8
		Uint     uint8
		Float    float32
		Bool     bool
		String   string
		Duration time.Duration
		Addr     netip.Addr
		List     []int
		Pair     [2]int
		Section  endpoint
		Map      map[string]int
		ByNumber map[int]string
		Func     func()
		Reader   interface{ Read() }
	}
	file := func(content string) config.Source {
		return config.File(writeFile(t, filepath.Join(t.TempDir(), "appsettings.json"), content))
	}
	for _, c := range []struct{ content, want string }{
		{`"Duration": 30`, `config: W:Duration: 30: duration needs a unit, such as "5s" (appsettings.json:1)`},
		{`"Duration": "30"`, `config: W:Duration: "30": duration needs a unit, such as "5s" (appsettings.json:1)`},
		{`"Duration": "00:00:05"`, `config: W:Duration: "00:00:05": want a duration, such as "5s" or "1m30s" (appsettings.json:1); write "5s"`},
		{`"Duration": {"a": 1}`, `config: W:Duration: want a single value, got a section (appsettings.json:1)`},
		{`"String": 5`, `config: W:String: 5: want a string, got a number; put it in quotes (appsettings.json:1)`},
		{`"String": true`, `config: W:String: true: want a string, got true or false; put it in quotes (appsettings.json:1)`},
		{`"String": {"a": 1}`, `config: W:String: want a single value, got a section (appsettings.json:1)`},
		{`"String": []`, `config: W:String: want a single value, got a list (appsettings.json:1)`},
		{`"Int": 1.5`, `config: W:Int: 1.5: want an integer (appsettings.json:1)`},
		{`"Int": "1.0"`, `config: W:Int: "1.0": want an integer (appsettings.json:1)`},
		{`"Int": ""`, `config: W:Int: "": want an integer (appsettings.json:1)`},
		{`"Int": 128`, `config: W:Int: 128: want an integer that fits int8 (appsettings.json:1)`},
		{`"Int": true`, `config: W:Int: true: want a number, got true or false (appsettings.json:1)`},
		{`"Uint": -1`, `config: W:Uint: -1: want a non-negative integer (appsettings.json:1)`},
		{`"Uint": 256`, `config: W:Uint: 256: want a non-negative integer that fits uint8 (appsettings.json:1)`},
		{`"Float": 1e40`, `config: W:Float: 1e40: want a number that fits float32 (appsettings.json:1)`},
		{`"Float": "x"`, `config: W:Float: "x": want a number (appsettings.json:1)`},
		{`"Bool": 1`, `config: W:Bool: 1: want true or false (appsettings.json:1)`},
		{`"Bool": "yes"`, `config: W:Bool: "yes": want true or false (appsettings.json:1)`},
		{`"Addr": "x"`, `config: W:Addr: "x": ParseAddr("x"): unable to parse IP (appsettings.json:1)`},
		{`"List": 1`, `config: W:List: 1: want a list, with the keys W:List:0, W:List:1 and so on (appsettings.json:1)`},
		{`"List": {"a": 1}`, `config: W:List:a: want the index of a list (appsettings.json:1)`},
		{`"List": [1, "x"]`, `config: W:List:1: "x": want an integer (appsettings.json:1)`},
		{`"Pair": [1, 2, 3]`, `config: W:Pair: want at most 2 items, got 3 (appsettings.json:1)`},
		{`"Section": "x"`, `config: W:Section: want a section with keys, got a string (appsettings.json:1)`},
		{`"Section": {"Port": 70000}`, `config: W:Section:Port: 70000: want a non-negative integer that fits uint16 (appsettings.json:1)`},
		{`"Map": []`, `config: W:Map: want a section with keys, got a list (appsettings.json:1)`},
		{`"Map": {"a": "x"}`, `config: W:Map:a: "x": want an integer (appsettings.json:1)`},
		{`"ByNumber": {"1": "x"}`, `config: W:ByNumber: cannot bind a map[int]string: only maps with string keys (appsettings.json:1)`},
		{`"Func": 1`, `config: W:Func: 1: cannot bind a func() (appsettings.json:1)`},
		{`"Reader": 1`, `config: W:Reader: 1: cannot bind a interface { Read() } (appsettings.json:1)`},
		{`"Bool": "` + strings.Repeat("x", 100) + `"`, `config: W:Bool: "` + strings.Repeat("x", 80) + `...": want true or false (appsettings.json:1)`},
	} {
		m := load(t, file(`{"W": {`+c.content+`}}`))
		wantError(t, m.Bind("W", &target{}), c.want)
	}
}

func TestADurationOfDotNetGetsAHint(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"00:00:05": "5s", "1.02:03:04.5": "26h3m4.5s", "01:30": "1h30m0s", "0:00:00.0000001": "100ns",
	} {
		var target struct{ Every time.Duration }
		err := load(t, config.Map(map[string]any{"W:Every": text})).Bind("W", &target)
		wantError(t, err, `config: W:Every: "`+text+`": want a duration, such as "5s" or "1m30s" (memory); write "`+want+`"`)
	}
}

func TestIntegersMayBeWrittenWithExponentOrZeroFraction(t *testing.T) {
	t.Parallel()
	m := load(t, config.File(writeFile(t, filepath.Join(t.TempDir(), "a.json"), `{"A": [1e3, 5.0, -0.0, 9223372036854775807]}`)))
	var got []int64
	if err := m.Bind("A", &got); err != nil || !reflect.DeepEqual(got, []int64{1000, 5, 0, math.MaxInt64}) {
		t.Errorf("got %v, error %v", got, err)
	}
}

func TestUnknownKeysAreRefusedWithAHint(t *testing.T) {
	t.Parallel()
	m := load(t,
		config.Map(map[string]any{"W": map[string]any{"Intervall": "5s", "zzz": map[string]any{"a": 1}, "Primary": map[string]any{"hst": 1}, "skipped": 1, "private": 1}}),
		config.Environment("", []string{"W__REPEATS=1"}),
	)
	err := m.Bind("W", &options{})
	wantError(t, err, strings.Join([]string{
		`config: W:Intervall: unknown key (memory); did you mean "Interval"?`,
		`config: W:Primary:hst: unknown key (memory); did you mean "Host"?`,
		`config: W:private: unknown key (memory)`,
		`config: W:REPEATS: unknown key (environment)`,
		`config: W:skipped: unknown key (memory)`,
		`config: W:zzz: unknown key (memory)`,
	}, "\n"))
	if !errors.Is(err, config.ErrUnknownKey) {
		t.Error("not an ErrUnknownKey")
	}
}

func TestARemainFieldTakesTheUnknownKeys(t *testing.T) {
	t.Parallel()
	m := load(t, config.Map(map[string]any{"W": map[string]any{"Known": 1, "Other": map[string]any{"A": 1}, "List": []any{"x"}}}))
	var got struct {
		Known int
		Rest  map[string]any `config:",remain"`
	}
	want := map[string]any{"Other": map[string]any{"A": int64(1)}, "List": []any{"x"}}
	if err := m.Bind("W", &got); err != nil || got.Known != 1 || !reflect.DeepEqual(got.Rest, want) {
		t.Errorf("got %v, error %v", got, err)
	}
}

func TestTheRootPassesOverUnknownKeysButItsSectionsDoNot(t *testing.T) {
	t.Parallel()
	m := load(t, config.Environment("", []string{"PATH=/bin", "W__HOST=h", "W__X=1"}))
	var got struct{ W endpoint }
	wantError(t, m.Bind("", &got), `config: W:X: unknown key (environment)`)
	if got.W.Host != "h" {
		t.Errorf("got %v", got)
	}
}

func TestAllProblemsAreReportedInTheOrderOfTheirKeys(t *testing.T) {
	t.Parallel()
	m := load(t,
		config.Map(map[string]any{"W:retries": "many", "W:on": 1, "W:Interval": 30, "W:Endpoints:0:Port": -1}),
		config.CommandLine([]string{"--W:Rate=fast"}),
	)
	err := m.Bind("W", &options{})
	wantError(t, err, strings.Join([]string{
		`config: W:Endpoints:0:Port: -1: want a non-negative integer (memory)`,
		`config: W:Interval: 30: duration needs a unit, such as "5s" (memory)`,
		`config: W:on: 1: want true or false (memory)`,
		`config: W:Rate: "fast": want a number (command line)`,
		`config: W:retries: "many": want an integer (memory)`,
	}, "\n"))

	var e *config.KeyError
	if !errors.As(err, &e) || e.Key != "W:Endpoints:0:Port" || e.Value != "-1" || e.Source != "memory" || !errors.Is(e, e.Err) {
		t.Errorf("first error %+v", e)
	}
}

func TestSecretsAreNeverShown(t *testing.T) {
	t.Parallel()
	type target struct {
		Password, ApiKey  int //nolint:revive // the names that people write
		ConnectionStrings map[string]bool
		Token             netip.Addr
		URL               bool
	}
	m := load(t, config.Map(map[string]any{"W": map[string]any{
		"password": "hunter2", "api_Key": "hunter2", "ApiKey": "hunter2", "ConnectionStrings": map[string]any{"Main": "hunter2"},
		"token": "hunter2", "Url": "amqp://me:hunter2@host", "Secret": "hunter2",
	}}))
	err := m.Bind("W", &target{})
	wantError(t, err, strings.Join([]string{
		`config: W:api_Key: unknown key (memory); did you mean "ApiKey"?`,
		`config: W:ApiKey: ***: want an integer (memory)`,
		`config: W:ConnectionStrings:Main: ***: want true or false (memory)`,
		`config: W:password: ***: want an integer (memory)`,
		`config: W:Secret: unknown key (memory)`,
		`config: W:token: ***: not a valid value (memory)`,
		`config: W:Url: ***: want true or false (memory)`,
	}, "\n"))
	var e *config.KeyError
	if errors.As(err, &e) && strings.Contains(e.Value, "hunter2") {
		t.Error("the field Value has it")
	}
}

func TestTheTargetMustBeAPointer(t *testing.T) {
	t.Parallel()
	m := load(t, config.Map(map[string]any{"W:A": 1}))
	wantError(t, m.Bind("W", endpoint{}), `config: bind "W": target must be a pointer that is not nil, got config_test.endpoint`)
	wantError(t, m.Bind("W", nil), `config: bind "W": target must be a pointer that is not nil, got <nil>`)
	wantError(t, m.Bind("W", (*endpoint)(nil)), `config: bind "W": target must be a pointer that is not nil, got *config_test.endpoint`)
}

func TestAMisusedTagIsAnError(t *testing.T) {
	t.Parallel()
	m := load(t, config.Map(map[string]any{"W:A": 1}))
	var target struct {
		A int `config:",squash"`
	}
	if err := m.Bind("W", &target); err == nil || !strings.HasPrefix(err.Error(), `config: bind "W": `) {
		t.Errorf("error %v", err)
	}
}

func TestAVariableThatHasTheNameOfASectionIsPassedOver(t *testing.T) {
	t.Parallel()
	m, err := config.New(config.Environment("", []string{"LOGGING=1"}))
	if err != nil {
		t.Fatal(err)
	}
	var section struct{ LogLevel map[string]string }
	if err := m.Bind("Logging", &section); err != nil {
		t.Error(err)
	}
}

func TestAnEmptyVariableCountsAsNotSet(t *testing.T) {
	t.Parallel()
	type target struct {
		Limit   int
		Pointer *int
		Every   time.Duration
		Addr    netip.Addr
		Tags    []string
		Proxy   *endpoint
		Limits  map[string]int
		Ints    []int
		Name    string
		NamePtr *string
		Any     any
	}
	environ := []string{"W__LIMIT=", "W__POINTER=", "W__EVERY=", "W__ADDR=", "W__TAGS=", "W__PROXY=", "W__LIMITS__A=", "W__INTS__0=", "W__INTS__1=5", "W__NAME=", "W__NAMEPTR=", "W__ANY="}
	got := target{Limit: 7, Name: "default", Tags: []string{"a"}}
	if err := load(t, config.Environment("", environ)).Bind("W", &got); err != nil {
		t.Fatal(err)
	}
	if want := (target{Limit: 7, Tags: []string{"a"}, Limits: map[string]int{}, Ints: []int{5}, Any: ""}); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	// What lies below it is in force, with its place.
	m := load(t, config.Map(map[string]any{"W": map[string]any{"Limit": 5, "Every": 30}}), config.Environment("", environ),
		config.Environment("", environ))
	got = target{}
	wantError(t, m.Bind("W", &got), `config: W:Every: 30: duration needs a unit, such as "5s" (memory)`)
	if got.Limit != 5 {
		t.Errorf("limit %d", got.Limit)
	}
	// Only the environment cannot leave a value out.
	err := load(t, config.Map(map[string]any{"W:Limit": ""})).Bind("W", &got)
	wantError(t, err, `config: W:Limit: "": want an integer (memory)`)
}

func TestBytesAndURLs(t *testing.T) {
	t.Parallel()
	var got struct {
		Key, List []byte
		URL       url.URL
		Pointer   *url.URL
	}
	m := load(t, config.Map(map[string]any{"W": map[string]any{
		"Key": "aGVsbG8=", "List": []int{1, 2}, "URL": "http://h:80/p?q=1", "Pointer": "https://x/",
	}}))
	if err := m.Bind("W", &got); err != nil {
		t.Fatal(err)
	}
	if string(got.Key) != "hello" || len(got.List) != 2 || got.URL.String() != "http://h:80/p?q=1" || got.Pointer.Host != "x" {
		t.Errorf("%+v", got)
	}
	m = load(t, config.Map(map[string]any{"W": map[string]any{"Key": "aGVsbG8", "URL": "http://[::1", "Pointer": map[string]any{"Host": "x"}}}))
	wantError(t, m.Bind("W", &got), `config: W:Key: "aGVsbG8": want bytes in base64, or a list of numbers (memory)
config: W:Pointer: want a single value, got a section (memory)
config: W:URL: "http://[::1": want a URL: missing ']' in host (memory)`)
}

type Common struct{ Name, Zone string }

type loop struct {
	*loop //nolint:unused // that it cannot be set is what is tried
	A     int
}

type Chain struct {
	*Chain
	A int
}

func TestEmbeddedAndSquashedStructs(t *testing.T) {
	t.Parallel()
	type target struct {
		*Common
		Extra   Common  `config:",squash"`
		Own     *Common `config:"own"`
		Common2 struct {
			B int
		} `config:",squash"`
		Rest map[string]int `config:",remain"`
	}
	shared := &Common{Name: "default", Zone: "z"}
	got := target{Common: shared}
	m := load(t, config.Map(map[string]any{"W": map[string]any{"Name": "n", "Own": map[string]any{"Zone": "o"}, "B": 2, "x": 3}}))
	if err := m.Bind("W", &got); err != nil {
		t.Fatal(err)
	}
	if *got.Common != (Common{"n", "z"}) || got.Extra.Name != "n" || *got.Own != (Common{Zone: "o"}) || got.Common2.B != 2 || got.Rest["x"] != 3 || len(got.Rest) != 1 {
		t.Errorf("%+v %+v %+v", got, got.Common, got.Own)
	}
	if shared.Name != "default" {
		t.Error("what the default points to was written to")
	}
	var untouched struct {
		*Common
		A int
	}
	if err := load(t, config.Map(map[string]any{"W:A": 1})).Bind("W", &untouched); err != nil || untouched.Common != nil || untouched.A != 1 {
		t.Errorf("%+v, %v", untouched, err)
	}
}

func TestAStructThatEmbedsItselfIsRead(t *testing.T) {
	t.Parallel()
	m := load(t, config.Map(map[string]any{"W:A": 1}))
	var chain Chain
	if err := m.Bind("W", &chain); err != nil || chain.A != 1 {
		t.Errorf("%+v, %v", chain, err)
	}
	var hidden loop
	wantError(t, m.Bind("W", &hidden), `config: bind "W": field loop: reflection cannot set an embedded pointer to a struct that is not exported`)
}
