using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.Hub.Tests;

/// <summary>A server whose certificate is being changed for one of another root; nothing else is asked of it.</summary>
internal sealed class RootsOfServer(string present, string next) : IServerCertificates
{
    public IReadOnlyList<AuditRecord> Unrecorded => [];

    public ServerCertificateState Read() => new() { Present = Shown(present), Next = Shown(next), Phase = "canary", Roots = "" };

    public Result<ServerCertificateState> Stage(NextCertificate next, bool isDrill, ChangedBy by) => throw new NotSupportedException();

    public Result<ServerCertificateState> Canary(int percent, int rollBackAt, ChangedBy by) => throw new NotSupportedException();

    public Result<ServerCertificateState> Switch(int rollBackAt, TimeSpan watch, ChangedBy by) => throw new NotSupportedException();

    public Result<ServerCertificateState> RollBack(ChangedBy by) => throw new NotSupportedException();

    public Result<ServerCertificateState> Discard(ChangedBy by) => throw new NotSupportedException();

    public Result<ServerCertificateState> Retire(ChangedBy by) => throw new NotSupportedException();

    public void MarkRecorded(int count) => throw new NotSupportedException();

    private static ShownCertificate Shown(string root) => new("made", "", "01", "CN=server", root, root, [], "ec-p256", default, default);
}
