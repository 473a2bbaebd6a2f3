import java.nio.file.Path;
import java.time.Duration;
import org.neo4j.configuration.GraphDatabaseSettings;
import org.neo4j.configuration.connectors.BoltConnector;
import org.neo4j.configuration.connectors.BoltConnectorInternalSettings;
import org.neo4j.configuration.helpers.SocketAddress;
import org.neo4j.dbms.api.DatabaseManagementServiceBuilder;

/** A Neo4j server for development, on loopback: java Neo4j.java FOLDER PORT PASSWORD. SIGTERM stops it in order. */
public class Neo4j {
    public static void main(String[] arguments) throws InterruptedException {
        var server = new DatabaseManagementServiceBuilder(Path.of(arguments[0]))
            .setConfig(BoltConnector.enabled, true)
            .setConfig(BoltConnector.listen_address, new SocketAddress("127.0.0.1", Integer.parseInt(arguments[1])))
            .setConfig(BoltConnector.encryption_level, BoltConnector.EncryptionLevel.DISABLED)
            .setConfig(BoltConnectorInternalSettings.thread_pool_shutdown_wait_time, Duration.ofMillis(100))
            .setConfig(GraphDatabaseSettings.auth_enabled, true)
            .setConfig(GraphDatabaseSettings.pagecache_memory, 256L << 20)
            // Otherwise each of the two databases takes 256 MB of disk before anything is stored.
            .setConfig(GraphDatabaseSettings.preallocate_logical_logs, false)
            .setConfig(GraphDatabaseSettings.log_queries, GraphDatabaseSettings.LogQueryLevel.OFF)
            .setConfig(GraphDatabaseSettings.udc_enabled, false)
            .build();
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdown));
        try (var system = server.database("system").beginTx()) {
            if (system.execute("SHOW USERS YIELD passwordChangeRequired AS fresh WHERE fresh").stream().count() > 0) {
                system.execute("ALTER USER neo4j SET PASSWORD '" + arguments[2] + "' CHANGE NOT REQUIRED").close();
            }
            system.commit();
        }
        System.out.println("ready");
        Thread.currentThread().join();
    }
}
