using Gatehouse.Store.Suite;
using Gatehouse.Store.Suite.TrustLog;
using Xunit;

[assembly: AssemblyFixture(typeof(PostgresServer))]

namespace Gatehouse.Store.Suite;

// Every suite on both databases.
public sealed class SqliteMigrationTests() : MigrationSuite(new SqliteHost());

public sealed class PostgresMigrationTests(PostgresServer server) : MigrationSuite(new PostgresHost(server));

public sealed class SqliteTransactionTests() : TransactionSuite(new SqliteHost());

public sealed class PostgresTransactionTests(PostgresServer server) : TransactionSuite(new PostgresHost(server));

public sealed class SqliteAuditTests() : AuditSuite(new SqliteHost());

public sealed class PostgresAuditTests(PostgresServer server) : AuditSuite(new PostgresHost(server));

public sealed class SqliteRefusalTests() : RefusalSuite(new SqliteHost());

public sealed class PostgresRefusalTests(PostgresServer server) : RefusalSuite(new PostgresHost(server));

public sealed class SqliteCertificateInventoryTests() : CertificateInventorySuite(new SqliteHost());

public sealed class PostgresCertificateInventoryTests(PostgresServer server) : CertificateInventorySuite(new PostgresHost(server));

public sealed class SqliteCertificateAlarmTests() : CertificateAlarmSuite(new SqliteHost());

public sealed class PostgresCertificateAlarmTests(PostgresServer server) : CertificateAlarmSuite(new PostgresHost(server));

public sealed class SqliteTrustLogTests() : TrustLogSuite(new SqliteHost());

public sealed class PostgresTrustLogTests(PostgresServer server) : TrustLogSuite(new PostgresHost(server));
