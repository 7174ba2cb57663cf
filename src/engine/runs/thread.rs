//! The `runs` thread: it alone reads the runs folder and changes what is in it, one thing after
//! the other.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded};

use super::edit::{Edit, Undo, delete_what, restore, write_notes};
use super::queue_view::QueueView;
use super::reader::{RunChange, RunsReader};
use super::trash::{self, Trash, is_there};
use crate::engine::queue::{Queue, QueueEdit};
use crate::engine::tasks::{Poll, Task, spawn_thread};
use crate::engine::{EngineError, Event, Waker};
use crate::files::FileError;
use crate::training::checkpoint::RunFolder;

/// What the thread tells the engine.
pub(in crate::engine) enum RunsEvent {
    /// What is new in the folder; the first one comes also where nothing is.
    Looked(Vec<RunChange>),
    /// A change was made, and this undoes it.
    Edited(Undo),
    /// A change was not made, or only a part of it.
    Refused(EngineError),
    /// The queue as it is in its file, after so many changes of this program.
    Queue { queue: Queue, changes: usize },
}

enum Job {
    Look,
    Watch,
    /// Also the queue, without the trash.
    WatchQueue,
    /// With what it is called where it can be taken back.
    Edit(Edit, Option<String>),
    Queue(Vec<QueueEdit>),
}

/// Handle on the thread; dropping it ends the thread.
pub(in crate::engine) struct RunsThread {
    jobs: Sender<Job>,
    task: Option<Task<()>>,
    own: OwnRun,
    /// Changes of the queue that are not written yet.
    unwritten: Arc<AtomicUsize>,
}

/// The run that this program trains.
type OwnRun = Arc<Mutex<Option<String>>>;

/// Jobs that may wait: each is a click.
const QUEUE: usize = 256;
/// How often the folder is looked at while somebody watches.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long the end of the program waits for a change of the queue.
const PATIENCE: Duration = Duration::from_secs(5);
/// Folder of the deleted runs, in the folder of the runs.
const TRASH: &str = ".trash";

impl RunsThread {
    /// Starts the thread, which looks once.
    pub fn start(runs: &Path, waker: &Waker, events: Sender<Event>) -> Self {
        let (jobs, receiver) = bounded(QUEUE);
        let own = OwnRun::default();
        let unwritten = Arc::new(AtomicUsize::new(0));
        let mut worker = Worker {
            runs: runs.to_owned(),
            reader: RunsReader::new(runs),
            own: Arc::clone(&own),
            trash: None,
            old_trash: Vec::new(),
            emptying: Vec::new(),
            queue: QueueView::new(runs, &unwritten),
            events,
            waker: Arc::clone(waker),
        };
        let task = spawn_thread(waker, "runs", move |_| worker.work(&receiver));
        Self {
            jobs,
            task: Some(task),
            own,
            unwritten,
        }
    }

    /// Looks again soon.
    pub fn look(&self) {
        self.send(Job::Look);
    }

    /// From now on, looks again and again.
    pub fn watch(&self) {
        self.send(Job::Watch);
    }

    /// As [`watch`](Self::watch), but leaves the trash alone.
    pub fn watch_queue(&self) {
        self.send(Job::WatchQueue);
    }

    /// Changes the queue.
    pub fn change_queue(&self, edits: Vec<QueueEdit>) {
        self.unwritten.fetch_add(1, Ordering::SeqCst);
        self.send(Job::Queue(edits));
    }

    /// Makes a change; where it has a name, an [`Undo`] comes back.
    pub fn edit(&self, edit: Edit, what: Option<String>) {
        self.send(Job::Edit(edit, what));
    }

    /// Says which run is trained here.
    pub fn set_own(&self, run: Option<&str>) {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if own.as_deref() != run {
            *own = run.map(str::to_owned);
        }
    }

    /// Whether the thread has just ended, which it does not do by itself.
    pub fn is_lost(&mut self) -> bool {
        Task::poll_slot(&mut self.task) == Poll::Lost
    }

    /// As if the thread had panicked.
    #[cfg(test)]
    pub fn break_for_test(&mut self) {
        let waker: Waker = Arc::new(|| {});
        self.task = Some(spawn_thread(&waker, "runs", |_| panic!("on purpose")));
    }

    fn send(&self, job: Job) {
        match self.jobs.try_send(job) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => {
                log::error!(
                    "The runs folder answers too slowly; the last change was not made. Try again"
                );
            }
            Err(TrySendError::Disconnected(_)) => {
                log::error!("Runs cannot be read or changed any more. Start the program again");
            }
        }
    }
}

impl Drop for RunsThread {
    /// The queue must be in its file when the program ends.
    fn drop(&mut self) {
        let since = Instant::now();
        while self.unwritten.load(Ordering::SeqCst) > 0 && since.elapsed() < PATIENCE {
            if self.is_lost() {
                return;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

struct Worker {
    queue: QueueView,
    runs: PathBuf,
    reader: RunsReader,
    own: OwnRun,
    /// What this program has deleted since it was started.
    trash: Option<Trash>,
    /// What programs before it have.
    old_trash: Vec<Trash>,
    /// Deletes for good beside this thread; a task that is dropped might not begin.
    emptying: Vec<Task<()>>,
    events: Sender<Event>,
    waker: Waker,
}

impl Worker {
    fn work(&mut self, jobs: &Receiver<Job>) {
        let mut watching = false;
        let mut first = true;
        loop {
            let own = self
                .own
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone();
            let changes = self.reader.look(own.as_deref());
            if first || !changes.is_empty() {
                self.tell(RunsEvent::Looked(changes));
            }
            first = false;
            match self.queue.look() {
                None => {}
                Some(Ok((queue, changes))) => self.tell(RunsEvent::Queue { queue, changes }),
                Some(Err(err)) => self.tell(RunsEvent::Refused(err.into())),
            }
            let job = if watching {
                match jobs.recv_timeout(INTERVAL) {
                    Err(RecvTimeoutError::Timeout) => continue,
                    job => job.ok(),
                }
            } else {
                jobs.recv().ok()
            };
            match job {
                None => return,
                Some(Job::Look) => {}
                Some(Job::Watch) => {
                    watching = true;
                    self.take_over_trash();
                    self.delete_for_good(trash::aside(&self.runs.join(TRASH)));
                }
                Some(Job::WatchQueue) => watching = true,
                Some(Job::Edit(edit, what)) => self.edit(edit, what),
                Some(Job::Queue(edits)) => {
                    if let Err(err) = self.queue.change(&edits) {
                        self.tell(RunsEvent::Refused(err.into()));
                    }
                }
            }
        }
    }

    fn tell(&self, event: RunsEvent) {
        // The receiver is gone when the engine is; the jobs end then too.
        self.events.send(Event::Runs(event)).ok();
        (self.waker)();
    }

    fn edit(&mut self, edit: Edit, what: Option<String>) {
        let mut errors = Vec::new();
        let mut undo = None;
        match edit {
            Edit::Notes(notes) => {
                let write = |(run, notes)| write_notes(&self.runs, run, notes);
                let before = done(notes.into_iter().map(write), &mut errors);
                undo = (!before.is_empty()).then_some(Edit::Notes(before));
            }
            Edit::Delete(runs) => {
                let delete = |run: String| self.delete(&run);
                let folders = done(runs.into_iter().map(delete), &mut errors);
                undo = (!folders.is_empty()).then_some(Edit::Restore(folders));
            }
            Edit::Restore(folders) => {
                for folder in &folders {
                    errors.extend(restore(&self.runs, folder).err());
                }
                self.tell_left(folders);
            }
            Edit::EmptyTrash(folders) => {
                let trash = self.runs.join(TRASH);
                let put_aside = |folder: &PathBuf| trash::put_aside(&trash, folder);
                let aside = done(folders.iter().map(put_aside), &mut errors);
                self.tell_left(folders);
                self.delete_for_good(aside.into_iter().flatten().collect());
            }
        }
        if let (Some(what), Some(edit)) = (what, undo) {
            self.tell(RunsEvent::Edited(Undo { what, edit }));
        }
        for error in errors {
            self.tell(RunsEvent::Refused(error));
        }
    }

    /// Tells which of these folders are still in the trash, so that what was asked for can be tried again.
    fn tell_left(&mut self, mut folders: Vec<PathBuf>) {
        folders.retain(|folder| is_there(folder));
        if !folders.is_empty() {
            let what = delete_what(folders.len());
            let edit = Edit::Restore(folders);
            self.tell(RunsEvent::Edited(Undo { what, edit }));
        }
        self.trash = self.trash.take().and_then(Trash::tidied);
        let old = self.old_trash.drain(..);
        self.old_trash = old.filter_map(Trash::tidied).collect();
    }

    /// Takes what programs before this one have deleted, so that it can still come back. The
    /// newest is told last and undone first.
    fn take_over_trash(&mut self) {
        for trash in Trash::left_by_others(&self.runs.join(TRASH)) {
            let runs = trash.runs();
            if runs.is_empty() {
                trash.tidied();
                continue;
            }
            let what = delete_what(runs.len());
            let edit = Edit::Restore(runs);
            self.old_trash.push(trash);
            self.tell(RunsEvent::Edited(Undo { what, edit }));
        }
    }

    /// Deletes what was put aside. Large runs take their time, and what this program leaves the next one deletes.
    fn delete_for_good(&mut self, aside: Vec<PathBuf>) {
        self.emptying
            .retain_mut(|task| matches!(task.poll(), Poll::Pending));
        if aside.is_empty() {
            return;
        }
        let (events, waker) = (self.events.clone(), Arc::clone(&self.waker));
        let task = spawn_thread(&self.waker, "empty trash", move |_| {
            for err in aside
                .iter()
                .filter_map(|run| trash::delete_for_good(run).err())
            {
                // The receiver is gone when the engine is.
                events.send(Event::Runs(RunsEvent::Refused(err))).ok();
                (waker)();
            }
        });
        self.emptying.push(task);
    }

    /// Moves a run into the trash; returns where it is now.
    fn delete(&mut self, run: &str) -> Result<PathBuf, EngineError> {
        let folder = RunFolder::at(self.runs.join(run));
        if folder.is_locked() {
            return Err(EngineError::Active {
                run: run.to_owned(),
            });
        }
        let target = self.new_place()?.join(run);
        fs::rename(folder.path(), &target).map_err(FileError::write(folder.path()))?;
        Ok(target)
    }

    /// A folder in the trash for one more run.
    fn new_place(&mut self) -> Result<PathBuf, EngineError> {
        let trash = match self.trash.take().filter(Trash::is_whole) {
            Some(trash) => trash,
            None => Trash::create(&self.runs.join(TRASH))?,
        };
        self.trash.insert(trash).new_place()
    }
}

/// The results; what went wrong goes to `errors`.
fn done<T>(
    results: impl Iterator<Item = Result<T, EngineError>>,
    errors: &mut Vec<EngineError>,
) -> Vec<T> {
    let keep = |result: Result<T, EngineError>| result.map_err(|err| errors.push(err)).ok();
    results.filter_map(keep).collect()
}
