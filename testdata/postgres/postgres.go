// Package postgres starts a PostgreSQL server that lives as long as a test
// binary, in a folder of its own and without a network port.
package postgres

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"lostlink/testdata/need"
)

// Stop ends the server, if one was started. TestMain calls it last.
func Stop() {
	if running != nil {
		running.stop()
	}
}

var (
	start   sync.Once
	running *server
	failed  error
	schemas atomic.Int64
)

// URL gives the address of an empty schema of a real server. Without the
// server's programs the test is skipped.
func URL(t testing.TB) string {
	t.Helper()
	bin := folder()
	if bin == "" {
		need.Command(t, "initdb")
	}
	start.Do(func() { running, failed = run(bin) })
	if failed != nil {
		t.Fatal(failed)
	}
	schema := fmt.Sprintf("test_%d", schemas.Add(1))
	db, err := sql.Open("pgx", running.url(""))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("CREATE SCHEMA " + schema); err != nil {
		t.Fatal(err)
	}
	return running.url(schema)
}

// folder finds the server's programs, which Debian keeps out of the path; ""
// if there are none.
func folder() string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			found = append(found, path)
		}
	}
	if len(found) == 0 {
		return ""
	}
	slices.Sort(found)
	return filepath.Dir(found[len(found)-1])
}

type server struct {
	dir string
	cmd *exec.Cmd
	log bytes.Buffer
}

// nobody is a user without rights; the server refuses to run as root.
const nobody = 65534

func run(bin string) (s *server, err error) {
	// The path of a socket has little room: a test's own folder is too long.
	dir, err := os.MkdirTemp("", "lostlink-pg")
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(dir)
		}
	}()
	as := &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}
	if os.Getuid() == 0 {
		as.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
		if err := os.Chown(dir, nobody, nobody); err != nil {
			return nil, err
		}
	}
	data := filepath.Join(dir, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-locale", "-N")
	initdb.SysProcAttr, initdb.Dir = &syscall.SysProcAttr{Credential: as.Credential}, dir
	if text, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, text)
	}
	s = &server{dir: dir}
	s.cmd = exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-k", dir, "-h", "", "-c", "fsync=off", "-c", "shared_buffers=16MB")
	s.cmd.SysProcAttr, s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = as, dir, &s.log, &s.log
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	db, err := sql.Open("pgx", s.url(""))
	if err != nil {
		return nil, err
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		if err = db.PingContext(ctx); err == nil {
			return s, nil
		}
		select {
		case <-ctx.Done():
			s.stop()
			return nil, fmt.Errorf("the PostgreSQL server does not answer: %w\n%s", err, s.log.String())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (s *server) url(schema string) string {
	q := url.Values{"host": {s.dir}, "user": {"tester"}}
	if schema != "" {
		q.Set("search_path", schema)
	}
	return "postgres:///postgres?" + q.Encode()
}

// stop ends the server at once: nothing in it is kept.
func (s *server) stop() {
	s.cmd.Process.Signal(syscall.SIGQUIT)
	s.cmd.Wait()
	os.RemoveAll(s.dir)
}
