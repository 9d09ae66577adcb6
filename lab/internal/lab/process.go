package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"shop/documents"
	"shop/handlers"
	"shop/internal/world"
	"shop/printing"
	"shop/refunds"
	"shop/thumbnails"
	"shop/uploads"
	"shop/visits"
)

var processModes = []Mode{
	{
		Name: "threads", Kind: Sick,
		Title:       "A thread for every blocked system call",
		Description: "Documents wait in flock(2) for a file that the accountants' program keeps locked; each waits in the kernel and keeps a thread.",
		Culprits:    []string{"shop/documents.lock", "shop/documents.(*Archive).Append"},
		Rules:       []string{"process/threads"}, SettleSeconds: 4,
		Scale: 560, ScaleUnit: "threads", start: startThreads,
	},
	{
		Name: "locked-threads", Kind: Sick,
		Title:       "Goroutines locked to threads",
		Description: "Every label printer's driver is locked to a thread of its own, and 300 printers are attached.",
		Culprits:    []string{"shop/printing.(*Spooler).drive", "shop/printing.(*Spooler).Attach"},
		Rules:       []string{"process/locked-threads", "process/threads"}, SettleSeconds: 2,
		Scale: 300, ScaleUnit: "threads",
		start: func(s *Site) error {
			spooler := printing.NewSpooler()
			for i := 0; i < s.Scale; i++ {
				spooler.Attach()
			}
			s.onStop(spooler.Close)
			return nil
		},
	},
	{
		Name: "fd-exhaustion", Kind: Sick,
		Title:       "Files that are never closed",
		Description: "Spooled uploads stay open; the process may have 250 descriptors and has used more than four fifths of them.",
		Culprits:    []string{"shop/uploads.(*Spool).Save", "shop/handlers.(*Engine).Spooled"},
		SeenIn:      InHeap,
		Rules:       []string{"process/fd-exhaustion"}, SettleSeconds: 6,
		Scale: 215, ScaleUnit: "files", start: startDescriptors,
	},
	{
		Name: "exec-stuck", Kind: Sick,
		Title:       "A grandchild that keeps the output open",
		Description: "The thumbnail program leaves a helper in the background that has inherited its output; Wait waits for the helper.",
		Culprits:    []string{"shop/thumbnails.(*Renderer).Render"},
		Rules:       []string{"exec/wait-stuck"}, SettleSeconds: 3,
		Scale: 60, ScaleUnit: "processes", start: startExec,
	},
	{
		Name: "concurrent-map", Kind: Sick,
		Title:       "A map written by two goroutines at once",
		Description: "Page views are counted in a map without a lock: the process dies with \"fatal error: concurrent map writes\".",
		Culprits:    []string{"shop/visits.(*Counter).Hit"},
		SeenIn:      InCrash,
		Rules:       []string{"process/concurrent-map", "process/crash"}, SettleSeconds: 3,
		Scale: 16, ScaleUnit: "customers", NeedsRestart: true,
		start: func(s *Site) error {
			s.handle("POST", "/visit", (&handlers.Engine{Visits: visits.NewCounter()}).Visit)
			return s.visit(world.Load{Method: "POST", Path: "/visit", PerSecond: 20, Total: s.Scale, Repeat: true})
		},
	},
	{
		Name: "panic", Kind: Sick,
		Title:       "A nil pointer in a background goroutine",
		Description: "A refund that does not exist is paid in a goroutine of its own: the panic ends the process.",
		Culprits:    []string{"shop/refunds.(*Desk).pay"},
		SeenIn:      InCrash,
		Rules:       []string{"process/crash"}, SettleSeconds: 2,
		Scale: 1, ScaleUnit: "refund", NeedsRestart: true,
		start: func(s *Site) error {
			s.handle("POST", "/refund", (&handlers.Engine{Refunds: refunds.NewDesk()}).Refund)
			return s.visit(world.Load{Method: "POST", Path: "/refund", AtOnce: 0, PerSecond: 2, Total: s.Scale})
		},
	},
}

func startThreads(s *Site) error {
	dir, err := s.tempDir()
	if err != nil {
		return err
	}
	archive := &documents.Archive{Path: filepath.Join(dir, "invoices.txt")}
	if _, err := s.upstream(world.Upstream{Kind: "file-lock", Path: archive.Path}); err != nil {
		return err
	}
	s.handle("POST", "/invoices", (&handlers.Engine{Archive: archive}).File)
	return s.visit(world.Load{Method: "POST", Path: "/invoices", AtOnce: s.Scale - s.Scale/10, PerSecond: 10, Total: s.Scale})
}

func startDescriptors(s *Site) error {
	dir, err := s.tempDir()
	if err != nil {
		return err
	}
	if _, err := s.launch(); err != nil {
		return err
	}
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		return err
	}
	lowered := before
	lowered.Cur = 250
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &lowered); err != nil {
		return fmt.Errorf("lower RLIMIT_NOFILE: %w", err)
	}
	s.onStop(func() { report(syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before)) })
	spool := uploads.NewSpool(dir)
	s.onStop(spool.Close)
	s.handle("POST", "/documents", (&handlers.Engine{Spool: spool}).Spooled)
	if err := s.browse(40); err != nil {
		return err
	}
	return s.visit(world.Load{Method: "POST", Path: "/documents", AtOnce: 0, PerSecond: 60, Total: s.Scale})
}

func startExec(s *Site) error {
	helper, keep, err := os.Pipe()
	if err != nil {
		return err
	}
	s.onStop(func() {
		_ = keep.Close() // the helpers' input ends, and with it the helpers
		_ = helper.Close()
	})
	renderer := &thumbnails.Renderer{Script: "cat <&3 & echo rendered", Helper: helper}
	s.handle("GET", "/thumbnail", (&handlers.Engine{Renderer: renderer}).Thumbnail)
	return s.pileVisits("GET", "/thumbnail")
}

// tempDir is removed when the mode is stopped.
func (s *Site) tempDir() (string, error) {
	dir, err := os.MkdirTemp("", "shop-")
	if err == nil {
		s.onStop(func() { _ = os.RemoveAll(dir) })
	}
	return dir, err
}
