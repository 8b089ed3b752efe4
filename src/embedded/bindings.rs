pub const LAMMPS_NONE: _LMP_DATATYPE_CONST = -1;
pub const LAMMPS_INT: _LMP_DATATYPE_CONST = 0;
pub const LAMMPS_INT_2D: _LMP_DATATYPE_CONST = 1;
pub const LAMMPS_DOUBLE: _LMP_DATATYPE_CONST = 2;
pub const LAMMPS_DOUBLE_2D: _LMP_DATATYPE_CONST = 3;
pub const LAMMPS_INT64: _LMP_DATATYPE_CONST = 4;
pub const LAMMPS_INT64_2D: _LMP_DATATYPE_CONST = 5;
pub const LAMMPS_STRING: _LMP_DATATYPE_CONST = 6;
pub type _LMP_DATATYPE_CONST = ::std::os::raw::c_int;
pub const LMP_STYLE_GLOBAL: _LMP_STYLE_CONST = 0;
pub const LMP_STYLE_ATOM: _LMP_STYLE_CONST = 1;
pub const LMP_STYLE_LOCAL: _LMP_STYLE_CONST = 2;
pub type _LMP_STYLE_CONST = ::std::os::raw::c_uint;
pub const LMP_TYPE_SCALAR: _LMP_TYPE_CONST = 0;
pub const LMP_TYPE_VECTOR: _LMP_TYPE_CONST = 1;
pub const LMP_TYPE_ARRAY: _LMP_TYPE_CONST = 2;
pub const LMP_SIZE_VECTOR: _LMP_TYPE_CONST = 3;
pub const LMP_SIZE_ROWS: _LMP_TYPE_CONST = 4;
pub const LMP_SIZE_COLS: _LMP_TYPE_CONST = 5;
pub type _LMP_TYPE_CONST = ::std::os::raw::c_uint;
pub struct Interface {
    __library: ::libloading::Library,
    pub lammps_open_no_mpi: Result<
        unsafe extern "C" fn(
            argc: ::std::os::raw::c_int,
            argv: *mut *mut ::std::os::raw::c_char,
            ptr: *mut *mut ::std::os::raw::c_void,
        ) -> *mut ::std::os::raw::c_void,
        ::libloading::Error,
    >,
    pub lammps_open_fortran: Result<
        unsafe extern "C" fn(
            argc: ::std::os::raw::c_int,
            argv: *mut *mut ::std::os::raw::c_char,
            f_comm: ::std::os::raw::c_int,
        ) -> *mut ::std::os::raw::c_void,
        ::libloading::Error,
    >,
    pub lammps_close: Result<unsafe extern "C" fn(handle: *mut ::std::os::raw::c_void), ::libloading::Error>,
    pub lammps_mpi_finalize: Result<unsafe extern "C" fn(), ::libloading::Error>,
    pub lammps_file: Result<
        unsafe extern "C" fn(handle: *mut ::std::os::raw::c_void, file: *const ::std::os::raw::c_char),
        ::libloading::Error,
    >,
    pub lammps_command: Result<
        unsafe extern "C" fn(
            handle: *mut ::std::os::raw::c_void,
            cmd: *const ::std::os::raw::c_char,
        ) -> *mut ::std::os::raw::c_char,
        ::libloading::Error,
    >,
    pub lammps_commands_string: Result<
        unsafe extern "C" fn(handle: *mut ::std::os::raw::c_void, str_: *const ::std::os::raw::c_char),
        ::libloading::Error,
    >,
    pub lammps_get_natoms:
        Result<unsafe extern "C" fn(handle: *mut ::std::os::raw::c_void) -> f64, ::libloading::Error>,
    pub lammps_extract_setting: Result<
        unsafe extern "C" fn(
            handle: *mut ::std::os::raw::c_void,
            keyword: *const ::std::os::raw::c_char,
        ) -> ::std::os::raw::c_int,
        ::libloading::Error,
    >,
    pub lammps_extract_global_datatype: Result<
        unsafe extern "C" fn(
            handle: *mut ::std::os::raw::c_void,
            name: *const ::std::os::raw::c_char,
        ) -> ::std::os::raw::c_int,
        ::libloading::Error,
    >,
    pub lammps_extract_global: Result<
        unsafe extern "C" fn(
            handle: *mut ::std::os::raw::c_void,
            name: *const ::std::os::raw::c_char,
        ) -> *mut ::std::os::raw::c_void,
        ::libloading::Error,
    >,
    pub lammps_extract_atom_datatype: Result<
        unsafe extern "C" fn(
            handle: *mut ::std::os::raw::c_void,
            name: *const ::std::os::raw::c_char,
        ) -> ::std::os::raw::c_int,
        ::libloading::Error,
    >,
    pub lammps_extract_atom: Result<
        unsafe extern "C" fn(
            handle: *mut ::std::os::raw::c_void,
            name: *const ::std::os::raw::c_char,
        ) -> *mut ::std::os::raw::c_void,
        ::libloading::Error,
    >,
    pub lammps_extract_compute: Result<
        unsafe extern "C" fn(
            handle: *mut ::std::os::raw::c_void,
            id: *const ::std::os::raw::c_char,
            style: ::std::os::raw::c_int,
            type_: ::std::os::raw::c_int,
        ) -> *mut ::std::os::raw::c_void,
        ::libloading::Error,
    >,
    pub lammps_extract_variable: Result<
        unsafe extern "C" fn(
            handle: *mut ::std::os::raw::c_void,
            name: *const ::std::os::raw::c_char,
            group: *const ::std::os::raw::c_char,
        ) -> *mut ::std::os::raw::c_void,
        ::libloading::Error,
    >,
    pub lammps_gather: Result<
        unsafe extern "C" fn(
            handle: *mut ::std::os::raw::c_void,
            name: *const ::std::os::raw::c_char,
            type_: ::std::os::raw::c_int,
            count: ::std::os::raw::c_int,
            data: *mut ::std::os::raw::c_void,
        ),
        ::libloading::Error,
    >,
    pub lammps_version:
        Result<unsafe extern "C" fn(handle: *mut ::std::os::raw::c_void) -> ::std::os::raw::c_int, ::libloading::Error>,
    pub lammps_config_has_mpi_support: Result<unsafe extern "C" fn() -> ::std::os::raw::c_int, ::libloading::Error>,
    pub lammps_config_has_exceptions: Result<unsafe extern "C" fn() -> ::std::os::raw::c_int, ::libloading::Error>,
    pub lammps_config_has_package:
        Result<unsafe extern "C" fn(arg1: *const ::std::os::raw::c_char) -> ::std::os::raw::c_int, ::libloading::Error>,
    pub lammps_free: Result<unsafe extern "C" fn(ptr: *mut ::std::os::raw::c_void), ::libloading::Error>,
    pub lammps_has_error:
        Result<unsafe extern "C" fn(handle: *mut ::std::os::raw::c_void) -> ::std::os::raw::c_int, ::libloading::Error>,
    pub lammps_get_last_error_message: Result<
        unsafe extern "C" fn(
            handle: *mut ::std::os::raw::c_void,
            buffer: *mut ::std::os::raw::c_char,
            buf_size: ::std::os::raw::c_int,
        ) -> ::std::os::raw::c_int,
        ::libloading::Error,
    >,
}
impl Interface {
    pub unsafe fn new<P>(path: P) -> Result<Self, ::libloading::Error>
    where
        P: AsRef<::std::ffi::OsStr>,
    {
        let library = ::libloading::Library::new(path)?;
        Self::from_library(library)
    }
    pub unsafe fn from_library<L>(library: L) -> Result<Self, ::libloading::Error>
    where
        L: Into<::libloading::Library>,
    {
        let __library = library.into();
        let lammps_open_no_mpi = __library.get(b"lammps_open_no_mpi\0").map(|sym| *sym);
        let lammps_open_fortran = __library.get(b"lammps_open_fortran\0").map(|sym| *sym);
        let lammps_close = __library.get(b"lammps_close\0").map(|sym| *sym);
        let lammps_mpi_finalize = __library.get(b"lammps_mpi_finalize\0").map(|sym| *sym);
        let lammps_file = __library.get(b"lammps_file\0").map(|sym| *sym);
        let lammps_command = __library.get(b"lammps_command\0").map(|sym| *sym);
        let lammps_commands_string = __library.get(b"lammps_commands_string\0").map(|sym| *sym);
        let lammps_get_natoms = __library.get(b"lammps_get_natoms\0").map(|sym| *sym);
        let lammps_extract_setting = __library.get(b"lammps_extract_setting\0").map(|sym| *sym);
        let lammps_extract_global_datatype = __library.get(b"lammps_extract_global_datatype\0").map(|sym| *sym);
        let lammps_extract_global = __library.get(b"lammps_extract_global\0").map(|sym| *sym);
        let lammps_extract_atom_datatype = __library.get(b"lammps_extract_atom_datatype\0").map(|sym| *sym);
        let lammps_extract_atom = __library.get(b"lammps_extract_atom\0").map(|sym| *sym);
        let lammps_extract_compute = __library.get(b"lammps_extract_compute\0").map(|sym| *sym);
        let lammps_extract_variable = __library.get(b"lammps_extract_variable\0").map(|sym| *sym);
        let lammps_gather = __library.get(b"lammps_gather\0").map(|sym| *sym);
        let lammps_version = __library.get(b"lammps_version\0").map(|sym| *sym);
        let lammps_config_has_mpi_support = __library.get(b"lammps_config_has_mpi_support\0").map(|sym| *sym);
        let lammps_config_has_exceptions = __library.get(b"lammps_config_has_exceptions\0").map(|sym| *sym);
        let lammps_config_has_package = __library.get(b"lammps_config_has_package\0").map(|sym| *sym);
        let lammps_free = __library.get(b"lammps_free\0").map(|sym| *sym);
        let lammps_has_error = __library.get(b"lammps_has_error\0").map(|sym| *sym);
        let lammps_get_last_error_message = __library.get(b"lammps_get_last_error_message\0").map(|sym| *sym);
        Ok(Interface {
            __library,
            lammps_open_no_mpi,
            lammps_open_fortran,
            lammps_close,
            lammps_mpi_finalize,
            lammps_file,
            lammps_command,
            lammps_commands_string,
            lammps_get_natoms,
            lammps_extract_setting,
            lammps_extract_global_datatype,
            lammps_extract_global,
            lammps_extract_atom_datatype,
            lammps_extract_atom,
            lammps_extract_compute,
            lammps_extract_variable,
            lammps_gather,
            lammps_version,
            lammps_config_has_mpi_support,
            lammps_config_has_exceptions,
            lammps_config_has_package,
            lammps_free,
            lammps_has_error,
            lammps_get_last_error_message,
        })
    }
    pub unsafe fn lammps_open_no_mpi(
        &self,
        argc: ::std::os::raw::c_int,
        argv: *mut *mut ::std::os::raw::c_char,
        ptr: *mut *mut ::std::os::raw::c_void,
    ) -> *mut ::std::os::raw::c_void {
        (self.lammps_open_no_mpi.as_ref().expect("Expected function, got error."))(argc, argv, ptr)
    }
    pub unsafe fn lammps_open_fortran(
        &self,
        argc: ::std::os::raw::c_int,
        argv: *mut *mut ::std::os::raw::c_char,
        f_comm: ::std::os::raw::c_int,
    ) -> *mut ::std::os::raw::c_void {
        (self.lammps_open_fortran.as_ref().expect("Expected function, got error."))(argc, argv, f_comm)
    }
    pub unsafe fn lammps_close(&self, handle: *mut ::std::os::raw::c_void) {
        (self.lammps_close.as_ref().expect("Expected function, got error."))(handle)
    }
    pub unsafe fn lammps_mpi_finalize(&self) {
        (self.lammps_mpi_finalize.as_ref().expect("Expected function, got error."))()
    }
    pub unsafe fn lammps_file(&self, handle: *mut ::std::os::raw::c_void, file: *const ::std::os::raw::c_char) {
        (self.lammps_file.as_ref().expect("Expected function, got error."))(handle, file)
    }
    pub unsafe fn lammps_command(
        &self,
        handle: *mut ::std::os::raw::c_void,
        cmd: *const ::std::os::raw::c_char,
    ) -> *mut ::std::os::raw::c_char {
        (self.lammps_command.as_ref().expect("Expected function, got error."))(handle, cmd)
    }
    pub unsafe fn lammps_commands_string(
        &self,
        handle: *mut ::std::os::raw::c_void,
        str_: *const ::std::os::raw::c_char,
    ) {
        (self.lammps_commands_string.as_ref().expect("Expected function, got error."))(handle, str_)
    }
    pub unsafe fn lammps_get_natoms(&self, handle: *mut ::std::os::raw::c_void) -> f64 {
        (self.lammps_get_natoms.as_ref().expect("Expected function, got error."))(handle)
    }
    pub unsafe fn lammps_extract_setting(
        &self,
        handle: *mut ::std::os::raw::c_void,
        keyword: *const ::std::os::raw::c_char,
    ) -> ::std::os::raw::c_int {
        (self.lammps_extract_setting.as_ref().expect("Expected function, got error."))(handle, keyword)
    }
    pub unsafe fn lammps_extract_global_datatype(
        &self,
        handle: *mut ::std::os::raw::c_void,
        name: *const ::std::os::raw::c_char,
    ) -> ::std::os::raw::c_int {
        (self.lammps_extract_global_datatype.as_ref().expect("Expected function, got error."))(handle, name)
    }
    pub unsafe fn lammps_extract_global(
        &self,
        handle: *mut ::std::os::raw::c_void,
        name: *const ::std::os::raw::c_char,
    ) -> *mut ::std::os::raw::c_void {
        (self.lammps_extract_global.as_ref().expect("Expected function, got error."))(handle, name)
    }
    pub unsafe fn lammps_extract_atom_datatype(
        &self,
        handle: *mut ::std::os::raw::c_void,
        name: *const ::std::os::raw::c_char,
    ) -> ::std::os::raw::c_int {
        (self.lammps_extract_atom_datatype.as_ref().expect("Expected function, got error."))(handle, name)
    }
    pub unsafe fn lammps_extract_atom(
        &self,
        handle: *mut ::std::os::raw::c_void,
        name: *const ::std::os::raw::c_char,
    ) -> *mut ::std::os::raw::c_void {
        (self.lammps_extract_atom.as_ref().expect("Expected function, got error."))(handle, name)
    }
    pub unsafe fn lammps_extract_compute(
        &self,
        handle: *mut ::std::os::raw::c_void,
        id: *const ::std::os::raw::c_char,
        style: ::std::os::raw::c_int,
        type_: ::std::os::raw::c_int,
    ) -> *mut ::std::os::raw::c_void {
        (self.lammps_extract_compute.as_ref().expect("Expected function, got error."))(handle, id, style, type_)
    }
    pub unsafe fn lammps_extract_variable(
        &self,
        handle: *mut ::std::os::raw::c_void,
        name: *const ::std::os::raw::c_char,
        group: *const ::std::os::raw::c_char,
    ) -> *mut ::std::os::raw::c_void {
        (self.lammps_extract_variable.as_ref().expect("Expected function, got error."))(handle, name, group)
    }
    pub unsafe fn lammps_gather(
        &self,
        handle: *mut ::std::os::raw::c_void,
        name: *const ::std::os::raw::c_char,
        type_: ::std::os::raw::c_int,
        count: ::std::os::raw::c_int,
        data: *mut ::std::os::raw::c_void,
    ) {
        (self.lammps_gather.as_ref().expect("Expected function, got error."))(handle, name, type_, count, data)
    }
    pub unsafe fn lammps_version(&self, handle: *mut ::std::os::raw::c_void) -> ::std::os::raw::c_int {
        (self.lammps_version.as_ref().expect("Expected function, got error."))(handle)
    }
    pub unsafe fn lammps_config_has_mpi_support(&self) -> ::std::os::raw::c_int {
        (self.lammps_config_has_mpi_support.as_ref().expect("Expected function, got error."))()
    }
    pub unsafe fn lammps_config_has_exceptions(&self) -> ::std::os::raw::c_int {
        (self.lammps_config_has_exceptions.as_ref().expect("Expected function, got error."))()
    }
    pub unsafe fn lammps_config_has_package(&self, arg1: *const ::std::os::raw::c_char) -> ::std::os::raw::c_int {
        (self.lammps_config_has_package.as_ref().expect("Expected function, got error."))(arg1)
    }
    pub unsafe fn lammps_free(&self, ptr: *mut ::std::os::raw::c_void) {
        (self.lammps_free.as_ref().expect("Expected function, got error."))(ptr)
    }
    pub unsafe fn lammps_has_error(&self, handle: *mut ::std::os::raw::c_void) -> ::std::os::raw::c_int {
        (self.lammps_has_error.as_ref().expect("Expected function, got error."))(handle)
    }
    pub unsafe fn lammps_get_last_error_message(
        &self,
        handle: *mut ::std::os::raw::c_void,
        buffer: *mut ::std::os::raw::c_char,
        buf_size: ::std::os::raw::c_int,
    ) -> ::std::os::raw::c_int {
        (self.lammps_get_last_error_message.as_ref().expect("Expected function, got error."))(handle, buffer, buf_size)
    }
}
