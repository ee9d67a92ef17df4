/**
 * Apps that take MySQL or MariaDB alone.
 * Sources: https://wordpress.org/about/requirements/, https://docs.ghost.org/install/ (MySQL 8 in production),
 * https://www.bookstackapp.com/docs/admin/installation/, https://matomo.org/faq/on-premise/matomo-requirements/.
 */
const onMysql = /(^|\/)(wordpress|ghost|bookstack|matomo)$/;

export function takesMysqlAlone(repository: string): boolean {
  return onMysql.test(repository);
}
