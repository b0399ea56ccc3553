using Gatehouse.Server.Tests;
using Xunit;

// One server for all tests that do not stop theirs: each test uses names of its own.
[assembly: AssemblyFixture(typeof(RunningServer))]
