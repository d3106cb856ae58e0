package admin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
)

func listen(ctx context.Context, a address) (net.Listener, error) {
	if a.network == "unix" {
		return listenUnix(ctx, a.name)
	}
	return (&net.ListenConfig{}).Listen(ctx, a.network, a.name)
}

// socket is a unix socket that only the user of the program may open.
type socket struct {
	net.Listener

	path string
	once sync.Once
}

// listenUnix makes the socket in a directory that nobody else can enter, and moves it to
// its place when it has its rights: until then a connection of anybody would be accepted.
func listenUnix(ctx context.Context, path string) (net.Listener, error) {
	if err := makeRoom(ctx, path); err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp(filepath.Dir(path), ".fx")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	made := filepath.Join(folder, "s")
	listener, err := (&net.ListenConfig{}).Listen(ctx, "unix", made)
	if err != nil {
		return nil, err
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(false) //nolint:forcetypeassert // the network says so
	if err := errors.Join(os.Chmod(made, 0o600), os.Rename(made, path)); err != nil {
		_ = listener.Close()
		return nil, err
	}
	return &socket{Listener: listener, path: path}, nil
}

// makeRoom removes what a program has left behind that has died.
func makeRoom(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode()&os.ModeSocket == 0:
		return fmt.Errorf("%s exists and is no socket", path)
	}
	if conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path); err == nil {
		_ = conn.Close()
		return fmt.Errorf("%s is that of another program, which is running", path)
	}
	return os.Remove(path)
}

// Addr is where it is now.
func (s *socket) Addr() net.Addr { return &net.UnixAddr{Net: "unix", Name: s.path} }

// Close removes the file, too. No other program has put its own there: ours answers.
func (s *socket) Close() error {
	s.once.Do(func() { _ = os.Remove(s.path) })
	return s.Listener.Close()
}

// overSocket tells whether a request came through a unix socket.
func overSocket(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return ok && local.Network() == "unix"
}
