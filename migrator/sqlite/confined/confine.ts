/** How a process is started that can write nothing but one folder. The system sees to it, not the program. */
import * as path from "node:path";

/** A way of confining a program: what to start in its place. */
export interface Confinement {
  /** As messages call it. */
  readonly name: string;
  readonly command: string;
  /** To be followed by the program and its arguments. */
  readonly before: readonly string[];
  /** The user that it runs as. Default our own. */
  readonly user?: number;
}

/**
 * Landlock (https://docs.kernel.org/userspace-api/landlock.html) is asked for by system calls, for which Node.js has no
 * function. Perl has one, and Debian's and PostgreSQL's images always have Perl. Every right to write is taken away but below
 * the folder, and so is TCP where the kernel knows it; root keeps no capability either.
 */
const landlock = `
use strict; use POSIX ();
my ($folder, @command) = @ARGV;
my %prctl = (x86_64 => 157, aarch64 => 167);
my $prctl = $prctl{(POSIX::uname())[4]} or die "no Landlock for this processor\\n";
my $version = syscall(444, 0, 0, 1);
die "no Landlock: $!\\n" if $version < 1;
my $writes = 0x1ff2 | ($version >= 2 ? 1 << 13 : 0) | ($version >= 3 ? 1 << 14 : 0);
my $attributes = pack("QQQ", $writes, $version >= 4 ? 3 : 0, $version >= 6 ? 3 : 0);
my $rules = syscall(444, $attributes, $version >= 6 ? 24 : $version >= 4 ? 16 : 8, 0);
die "Landlock: $!\\n" if $rules < 0;
opendir(my $directory, $folder) or die "$folder: $!\\n";
my $below = pack("Ql", $writes, fileno($directory));
syscall(445, $rules, 1, $below, 0) == 0 or die "Landlock: $!\\n";
if ($> == 0) { syscall($prctl, 24, $_, 0, 0, 0) for 0 .. 63 }
syscall($prctl, 38, 1, 0, 0, 0) == 0 or die "no_new_privs: $!\\n";
syscall(446, $rules, 0) == 0 or die "Landlock: $!\\n";
exec { $command[0] } @command or die "$command[0]: $!\\n";
`;

/** macOS's own. */
const seatbelt = (folder: string) =>
  `(version 1) (allow default) (deny network*) (deny file-write*) (allow file-write* (subpath ${JSON.stringify(folder)}))`;

/** Where systems put users that exist for a moment: nobody has files there. */
const [firstUser, users] = [61_184, 4_335];

/**
 * The ways that may work here, the best first. Whether one does, only a try can tell.
 * @param folder real path of the one folder that may be written to.
 */
export function confinements(folder: string): Confinement[] {
  if (process.platform === "darwin")
    return [{ name: "sandbox-exec", command: "/usr/bin/sandbox-exec", before: ["-p", seatbelt(folder)] }];
  const ways: Confinement[] = [{ name: "Landlock", command: "perl", before: ["-e", landlock, folder] }];
  // Without Landlock root is no more than a user who owns nothing but the folder.
  if (process.getuid?.() === 0)
    ways.push({
      name: "a user of its own",
      command: process.execPath,
      before: [],
      user: firstUser + (process.pid % users),
    });
  return ways;
}

/** The program and its arguments under a confinement. */
export function confined(way: Confinement, args: readonly string[]): [command: string, args: string[]] {
  if (path.basename(way.command) === path.basename(process.execPath)) return [way.command, [...args]];
  return [way.command, [...way.before, process.execPath, ...args]];
}
