using System.Data.Common;
using Gatehouse.Contracts.Audit;
using Gatehouse.Contracts.Signals;
using Gatehouse.Store.Audit;

namespace Gatehouse.Store;

/// <summary>A transaction of either database: gathers audit records and signals, and writes the records just before the commit.</summary>
public sealed class RelationalTransaction(DbConnection connection, DbTransaction transaction, SqlDialect dialect) : WriteTransaction
{
    private readonly List<AuditRecord> records = [];
    private readonly List<Signal> signals = [];
    private readonly List<Action> actions = [];

    public override DbConnection Connection => connection;

    public override DbTransaction Transaction => transaction;

    public override void Audit(AuditRecord auditRecord) => records.Add(auditRecord);

    public override void Signal(Signal signal) => signals.Add(signal);

    public override void AfterCommit(Action action) => actions.Add(action);

    /// <summary>Writes the audit records and commits.</summary>
    public async Task CommitAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        await WriteAuditAsync(now, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Writes the audit records, for a commit that another makes.</summary>
    public async Task WriteAuditAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (records.Count > 0)
        {
            await AuditRows.AppendAsync(connection, transaction, dialect, records, now, cancellationToken);
        }
    }

    /// <summary>Sends what the transaction had to say; after the commit.</summary>
    public async Task SendSignalsAsync(ISignals receivers, CancellationToken cancellationToken)
    {
        foreach (var action in actions)
        {
            action();
        }

        foreach (var signal in signals)
        {
            await receivers.PublishAsync(signal, cancellationToken);
        }
    }
}
