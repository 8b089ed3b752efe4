//! One simulation: commands, errors, and its end.

use std::cell::Cell;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::Path;
use std::ptr::{self, NonNull};

use libloading::os::unix::{Library as Shared, RTLD_LOCAL, RTLD_NOW};

use super::bindings::Interface;
use super::library::{Library, reason};
use crate::{Error, Result};

const LONGEST_MESSAGE: usize = 8192;
/// What `lammps_get_last_error_message` returns for an error that other ranks do not know of.
const ON_ONE_RANK: c_int = 2;

type Register = unsafe extern "C" fn(*mut c_void, *mut c_char, c_int) -> c_int;
type Abort = unsafe extern "C" fn(*mut c_void);

/// A LAMMPS simulation. Several may be open at once; dropping one closes it.
///
/// Under MPI every rank of the communicator makes the same calls.
pub struct Lammps {
    pub(super) handle: NonNull<c_void>,
    pub(super) interface: &'static Interface,
    abort: Option<Abort>,
    failed_alone: Cell<bool>,
    // LAMMPS looks at some of them again after `clear`.
    _arguments: Vec<CString>,
}

/// A function of the interface, or an error that says that this LAMMPS lacks it.
pub(super) fn need<T: Copy>(function: &Result<T, libloading::Error>) -> Result<T> {
    function.as_ref().map(|f| *f).map_err(|e| Error::Lammps(format!("this version lacks a function: {}", reason(e))))
}

pub(super) fn text(value: &str) -> Result<CString> {
    CString::new(value).map_err(|_| Error::Input(format!("{value:?} holds a byte 0, which no LAMMPS text can")))
}

impl Lammps {
    /// Opens a simulation on all ranks, with arguments as LAMMPS's program takes them (`-in` is not among them).
    ///
    /// # Errors
    /// LAMMPS refuses the arguments.
    pub fn open(library: Library, arguments: &[&str]) -> Result<Self> {
        let open = need(&library.interface.lammps_open_no_mpi)?;
        // SAFETY: the arguments live as long as the instance, and the last pointer may be null.
        Self::open_by(library, arguments, |n, argv| unsafe { open(n, argv, ptr::null_mut()) })
    }

    /// As [`Lammps::open`] on the ranks of a communicator, given as MPI's Fortran handle (`MPI_Comm_c2f`).
    ///
    /// # Errors
    /// As [`Lammps::open`].
    pub fn open_on(library: Library, arguments: &[&str], communicator: i32) -> Result<Self> {
        let open = need(&library.interface.lammps_open_fortran)?;
        // SAFETY: as in `open`; the handle is MPI's to judge.
        Self::open_by(library, arguments, |n, argv| unsafe { open(n, argv, communicator) })
    }

    fn open_by(
        library: Library,
        arguments: &[&str],
        open: impl FnOnce(c_int, *mut *mut c_char) -> *mut c_void,
    ) -> Result<Self> {
        let arguments = ["lammps"].iter().chain(arguments).map(|a| text(a)).collect::<Result<Vec<_>>>()?;
        let mut argv: Vec<*mut c_char> = arguments.iter().map(|a| a.as_ptr().cast_mut()).collect();
        argv.push(ptr::null_mut());
        let handle = NonNull::new(open(arguments.len() as c_int, argv.as_mut_ptr()))
            .ok_or_else(|| Error::Lammps(format!("it does not start with the arguments {:?}", &arguments[1..])))?;
        let interface = library.interface;
        let lammps = Self { handle, interface, abort: None, failed_alone: Cell::new(false), _arguments: arguments };
        lammps.check()?;
        Ok(lammps)
    }

    /// Makes the compute styles known, from an `ionscapeplugin.so` that was built for this LAMMPS. They stay over `clear`.
    ///
    /// # Errors
    /// The file is no such plugin, or was built for another LAMMPS: the message says how to rebuild it.
    pub fn register(&mut self, plugin: &Path) -> Result<()> {
        let fail = |why: String| Error::Lammps(format!("{}: {why}", plugin.display()));
        let whole = plugin.canonicalize().map_err(|e| Error::io(plugin, e))?;
        // SAFETY: the plugin has no initialisers but those of the Rust and C++ runtimes.
        let shared =
            unsafe { Shared::open(Some(&whole), RTLD_NOW | RTLD_LOCAL) }.map_err(|error| fail(reason(&error)))?;
        // SAFETY: the types are those of cpp/embedded.cpp.
        let (register, abort) = unsafe {
            let register = shared.get::<Register>(b"ionscape_register\0").map(|f| *f);
            let abort = shared.get::<Abort>(b"ionscape_abort\0").map(|f| *f);
            let (Ok(register), Ok(abort)) = (register, abort) else {
                return Err(fail("it is no plugin of this version of ionscape; run `make build`".into()));
            };
            (register, abort)
        };
        // LAMMPS calls into it from now on.
        std::mem::forget(shared);
        let mut why = [0; LONGEST_MESSAGE];
        // SAFETY: the handle is open, and the buffer has the size that is told.
        if unsafe { register(self.handle.as_ptr(), why.as_mut_ptr(), LONGEST_MESSAGE as c_int) } != 0 {
            why[LONGEST_MESSAGE - 1] = 0;
            // SAFETY: there is a 0 in the buffer.
            return Err(Error::Lammps(unsafe { CStr::from_ptr(why.as_ptr()) }.to_string_lossy().into_owned()));
        }
        self.abort = Some(abort);
        Ok(())
    }

    /// Runs one command.
    ///
    /// # Errors
    /// What LAMMPS says of it, if it has exceptions; otherwise an error ends the program.
    pub fn command(&mut self, command: &str) -> Result<()> {
        let (run, command) = (need(&self.interface.lammps_command)?, text(command)?);
        // SAFETY: the handle is open, and LAMMPS copies the text.
        unsafe { run(self.handle.as_ptr(), command.as_ptr()) };
        self.check()
    }

    /// Runs the commands of a text, as if it were a file.
    ///
    /// # Errors
    /// As [`Lammps::command`].
    pub fn commands(&mut self, commands: &str) -> Result<()> {
        let (run, commands) = (need(&self.interface.lammps_commands_string)?, text(commands)?);
        // SAFETY: as in `command`.
        unsafe { run(self.handle.as_ptr(), commands.as_ptr()) };
        self.check()
    }

    /// Runs an input file.
    ///
    /// # Errors
    /// As [`Lammps::command`].
    pub fn file(&mut self, path: &Path) -> Result<()> {
        let run = need(&self.interface.lammps_file)?;
        let name = text(&path.to_string_lossy())?;
        // SAFETY: as in `command`.
        unsafe { run(self.handle.as_ptr(), name.as_ptr()) };
        self.check()
    }

    /// LAMMPS's version as a number, such as 20250722.
    ///
    /// # Errors
    /// The library lacks the function.
    pub fn version(&self) -> Result<i32> {
        let version = need(&self.interface.lammps_version)?;
        // SAFETY: the handle is open.
        Ok(unsafe { version(self.handle.as_ptr()) })
    }

    /// One of the integer settings that LAMMPS's `lammps_extract_setting` knows, such as `nlocal`.
    ///
    /// # Errors
    /// There is no such setting.
    pub fn setting(&self, name: &str) -> Result<i32> {
        let (setting, name_) = (need(&self.interface.lammps_extract_setting)?, text(name)?);
        // SAFETY: the handle is open.
        let value = unsafe { setting(self.handle.as_ptr(), name_.as_ptr()) };
        if value < 0 { Err(Error::Lammps(format!("it has no setting '{name}'"))) } else { Ok(value) }
    }

    /// Whether the last error was one of this rank alone, which leaves other ranks waiting.
    pub fn failed_alone(&self) -> bool {
        self.failed_alone.get()
    }

    /// Ends all ranks, after an error that the others do not know of.
    pub fn abort(&self) -> ! {
        if let Some(abort) = self.abort {
            // SAFETY: the handle is open.
            unsafe { abort(self.handle.as_ptr()) };
        }
        std::process::abort()
    }

    /// The error that LAMMPS keeps, if any; it forgets it then.
    pub(super) fn check(&self) -> Result<()> {
        let interface = self.interface;
        let (Ok(has), Ok(get)) = (&interface.lammps_has_error, &interface.lammps_get_last_error_message) else {
            return Ok(());
        };
        let mut message = [0; LONGEST_MESSAGE];
        // SAFETY: the handle is open, and the buffer has the size that is told.
        let kind = unsafe {
            if has(self.handle.as_ptr()) == 0 {
                return Ok(());
            }
            get(self.handle.as_ptr(), message.as_mut_ptr(), LONGEST_MESSAGE as c_int)
        };
        self.failed_alone.set(kind == ON_ONE_RANK);
        message[LONGEST_MESSAGE - 1] = 0;
        // SAFETY: there is a 0 in the buffer.
        let message = unsafe { CStr::from_ptr(message.as_ptr()) }.to_string_lossy().trim().to_string();
        Err(Error::Lammps(message.strip_prefix("ERROR: ").unwrap_or(&message).to_string()))
    }
}

impl Drop for Lammps {
    fn drop(&mut self) {
        if let Ok(close) = &self.interface.lammps_close {
            // SAFETY: the handle is open, and nobody has it after this.
            unsafe { close(self.handle.as_ptr()) }
        }
    }
}
